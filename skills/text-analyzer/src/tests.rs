//! What the skill promises, seen as a caller sees it.

use serde::Serialize;
use serde::de::DeserializeOwned;
use unicode_segmentation::UnicodeSegmentation;
use vak_guest::Error;

use super::*;

/// The JSON of the output.
fn call<I: DeserializeOwned, O: Serialize>(function: fn(I) -> Result<O, Error>, input: &str) -> String {
    let output = vak_guest::answer(input.as_bytes(), function).expect("an output");
    String::from_utf8(output).expect("JSON is UTF-8")
}

/// The counts of a text: bytes, characters, graphemes, words, sentences, lines.
fn counts(text: &str) -> [usize; 6] {
    let of = analyze(AnalyzeInput { text: text.to_owned() }).unwrap_or_else(|_| panic!("{text}"));
    [of.bytes, of.characters, of.graphemes, of.words, of.sentences, of.lines]
}

fn entropy_of(text: &str) -> f64 {
    entropy::bits(text)
}

fn jaccard(a: &str, b: &str) -> String {
    call(similarity, &format!(r#"{{"a":"{a}","b":"{b}"}}"#))
}

#[test]
fn a_text_is_counted_in_every_unit() {
    for (text, expected) in [
        ("", [0, 0, 0, 0, 0, 0]),
        ("Hello, world.", [13, 13, 13, 2, 1, 1]),
        ("One. Two? Three!", [16, 16, 16, 3, 3, 1]),
        ("a\nb\r\n\nc", [7, 7, 6, 3, 3, 4]),
        ("it's 3.14 e-mail", [16, 16, 16, 4, 1, 1]),
        ("caf\u{e9}", [5, 4, 4, 1, 1, 1]),
        ("cafe\u{301}", [6, 5, 4, 1, 1, 1]),
        ("\u{1f468}\u{200d}\u{1f469}\u{200d}\u{1f467}", [18, 5, 1, 0, 0, 1]),
        ("\u{1f1e9}\u{1f1ea}\u{1f1eb}\u{1f1f7}", [16, 4, 2, 0, 0, 1]),
        ("\u{4e16}\u{754c}\u{3002}", [9, 3, 3, 2, 1, 1]),
    ] {
        assert_eq!(counts(text), expected, "{text:?}");
    }
}

#[test]
fn a_line_ends_at_its_break_and_an_empty_text_has_none() {
    for (text, lines) in [("a", 1), ("a\n", 1), ("a\n\n", 2), ("\n", 1), ("a\nb", 2), ("a\r\nb\r\n", 2)] {
        assert_eq!(counts(text)[5], lines, "{text:?}");
    }
}

#[test]
fn every_character_is_of_one_class() {
    let classes = |text: &str| {
        let output = call(analyze, &format!(r#"{{"text":"{text}"}}"#));
        let start = output.find(r#""classes":"#).expect("classes") + r#""classes":"#.len();
        output[start..=start + output[start..].find('}').expect("the end")].to_owned()
    };
    for (text, class) in [
        ("aZ\u{e9}\u{436}\u{4e16}\u{2b0}", "letters"),
        ("09\u{663}\u{96a}\u{ff15}\u{1d7d8}", "digits"),
        (r" \t\n\r\u00a0\u3000", "whitespace"),
        ("_-(\u{201c}\u{3002}\u{ab}", "punctuation"),
        ("+$^\u{20ac}\u{a9}\u{1f600}", "symbols"),
        ("\u{301}\u{bd}\u{2167}\u{ad}\u{200d}\u{e000}", "other"),
    ] {
        assert!(classes(text).contains(&format!(r#""{class}":6"#)), "{text}: {}", classes(text));
        assert_eq!(classes(text).matches(":0").count(), 5, "{text}: {}", classes(text));
    }
}

#[test]
fn entropy_is_that_of_how_often_each_character_is_there() {
    for (text, bits) in
        [("", 0.0), ("aaaaaaa", 0.0), ("ab", 1.0), ("aabb", 1.0), ("abcd", 2.0), ("\u{4e16}\u{754c}", 1.0)]
    {
        assert_eq!(entropy_of(text).to_bits(), f64::to_bits(bits), "{text}");
    }
    let skewed = 0.75 * (4.0_f64 / 3.0).log2() + 0.25 * 2.0;
    assert!((entropy_of("aaab") - skewed).abs() < 1e-15);
    assert_eq!(entropy_of("mississippi"), entropy_of("iiiimppssss"));
}

#[test]
fn frequent_words_come_first_and_equally_frequent_ones_by_code_points() {
    let words = call(frequency, r#"{"text":"b a c B A b, d"}"#);
    let expected =
        [("b", 3), ("a", 2), ("c", 1), ("d", 1)].map(|(word, count)| format!(r#"{{"word":"{word}","count":{count}}}"#));
    assert_eq!(words, format!(r#"{{"words":[{}]}}"#, expected.join(",")));
}

#[test]
fn letter_case_counts_only_where_it_is_asked_to() {
    let input = |case_sensitive| format!(r#"{{"text":"Über über ÜBER","case_sensitive":{case_sensitive}}}"#);
    assert_eq!(call(frequency, &input(false)), r#"{"words":[{"word":"über","count":3}]}"#);
    let each = ["ÜBER", "Über", "über"].map(|word| format!(r#"{{"word":"{word}","count":1}}"#));
    assert_eq!(call(frequency, &input(true)), format!(r#"{{"words":[{}]}}"#, each.join(",")));
}

#[test]
fn ten_words_are_given_or_as_many_as_asked_for() {
    let text: String = (100..250).map(|number| format!("{number} ")).collect();
    for (top, given) in [("", 10), (r#","top":1"#, 1), (r#","top":100"#, 100)] {
        let output = call(frequency, &format!(r#"{{"text":"{text}"{top}}}"#));
        assert_eq!(output.matches("word\"").count(), given, "{top}");
    }
    assert_eq!(call(frequency, r#"{"text":"... \u2014"}"#), r#"{"words":[]}"#);
}

#[test]
fn similarity_is_of_words_whatever_their_order_case_and_number() {
    for (a, b, index) in [
        ("", "", "1"),
        ("...", "", "1"),
        ("a", "", "0"),
        ("a b", "c d", "0"),
        ("The cat", "cat, the CAT!", "1"),
        ("a b c", "b c d", "0.5"),
        ("a b", "b c", "0.3333333333333333"),
        ("\u{416}\u{443}\u{43a} \u{4e16}", "\u{436}\u{443}\u{43a}", "0.5"),
    ] {
        assert_eq!(jaccard(a, b), format!(r#"{{"jaccard":{index}}}"#), "{a} / {b}");
        assert_eq!(jaccard(a, b), jaccard(b, a), "{a} / {b}");
    }
}

#[test]
fn runs_of_spaces_change_no_count_of_sentences() {
    let pieces = [
        "A",
        "b",
        "1",
        ".",
        "?",
        " ",
        "  ",
        "\t \u{a0}",
        "\u{3000}",
        ")",
        "\n",
        " \n ",
        "\u{2029}",
        ",",
        "\u{301}",
        "\u{ad}",
    ];
    let mut state = 1_u64;
    for _ in 0..20_000 {
        let text: String = std::iter::repeat_with(|| {
            state ^= state << 13;
            state ^= state >> 7;
            state ^= state << 17;
            pieces[(state % pieces.len() as u64) as usize]
        })
        .take(12)
        .collect();
        assert_eq!(sentences::count(&text), Ok(text.unicode_sentences().count()), "{text:?}");
    }
}

#[test]
fn a_long_run_of_brackets_quotes_or_marks_is_an_error() {
    for run in [")", "([", "\"", "\u{bb}", "\u{301}", "\u{ad}", ") ", " \u{301}", "\u{275b}", "\u{ff9e}"] {
        let text = |times| format!("End.{}Next", run.repeat(times / run.chars().count()));
        assert!(sentences::count(&text(50)).is_ok(), "{run}");
        let error = sentences::count(&text(52)).expect_err("refused");
        assert_eq!(error.message(), "text: more than 50 brackets, quotes or marks in a row", "{run}");
    }
    for harmless in [".", "-", " ", "\n", "\u{1f600}", "a"] {
        assert!(sentences::count(&format!("End.{}", harmless.repeat(10_000))).is_ok(), "{harmless}");
    }
}
