//! Tells the title of a web page.

use serde::{Deserialize, Serialize};
use vak_guest::{Error, http};

/// How much of a page is taken, in bytes; a title stands near the beginning, but an answer comes as a whole.
const MOST_BYTES: u64 = 2 << 20;

/// How long a title may be, in characters; what is longer is cut.
const MOST_CHARS: usize = 1000;

/// Which page: `{"url":"https://example.com/"}`.
#[derive(Deserialize)]
struct Input {
    url: String,
}

/// What it is called, and where it was found in the end.
#[derive(Debug, PartialEq, Eq, Serialize)]
struct Output {
    title: Option<String>,
    url: String,
}

vak_guest::export!(execute);

fn execute(Input { url }: Input) -> Result<Output, Error> {
    let request = http::Request::new("GET", &url).header("accept", "text/html").max_bytes(MOST_BYTES);
    let answer = request.send()?;
    if !answer.is_ok() {
        return Err(format_args!("the server answers with status {}", answer.status).into());
    }
    let page = String::from_utf8_lossy(&answer.body);
    Ok(Output { title: title(&page), url: answer.url })
}

/// The text of the first element `title`, with white space as one reads it.
fn title(page: &str) -> Option<String> {
    let opened = tag(page, "<title")?;
    let (_, behind) = opened.split_once('>')?;
    let text = tag_at(behind, "</title").and_then(|end| behind.get(..end)).unwrap_or(behind);
    let words = unescape(text).split_whitespace().collect::<Vec<_>>().join(" ");
    Some(words.chars().take(MOST_CHARS).collect())
}

/// What stands behind the name of a tag: not `<titled>`.
fn tag<'a>(page: &'a str, name: &str) -> Option<&'a str> {
    let mut rest = page;
    loop {
        rest = rest.get(tag_at(rest, name)? + name.len()..)?;
        if rest.starts_with(|next: char| next == '>' || next == '/' || next.is_ascii_whitespace()) {
            return Some(rest);
        }
    }
}

/// Where a text in ASCII begins, in upper or lower case.
fn tag_at(page: &str, name: &str) -> Option<usize> {
    page.as_bytes().windows(name.len()).position(|window| window.eq_ignore_ascii_case(name.as_bytes()))
}

/// The five characters that HTML always escapes, and those that are written as numbers.
fn unescape(text: &str) -> String {
    let mut plain = String::with_capacity(text.len());
    let mut rest = text;
    while let Some((before, from)) = rest.split_once('&') {
        plain.push_str(before);
        // The longest is `&#x10ffff;`.
        let entity = from.bytes().take(10).position(|byte| byte == b';').and_then(|end| from.get(..end));
        match entity.and_then(|entity| Some((entity, character(entity)?))) {
            Some((entity, character)) => {
                plain.push(character);
                rest = from.get(entity.len() + 1..).unwrap_or_default();
            }
            None => {
                plain.push('&');
                rest = from;
            }
        }
    }
    plain + rest
}

fn character(entity: &str) -> Option<char> {
    let number = match entity {
        "amp" => return Some('&'),
        "lt" => return Some('<'),
        "gt" => return Some('>'),
        "quot" => return Some('"'),
        "apos" => return Some('\''),
        "nbsp" => return Some(' '),
        _ => entity.strip_prefix('#')?,
    };
    let code = match number.strip_prefix(['x', 'X']) {
        Some(hex) => u32::from_str_radix(hex, 16),
        None => number.parse(),
    };
    code.ok().and_then(char::from_u32)
}

#[cfg(test)]
mod tests {
    use vak_guest::mock::Host;

    use super::*;

    fn ask(host: &mut Host, url: &str) -> Result<Output, String> {
        host.run(|| execute(Input { url: url.to_owned() })).map_err(|error| error.message().to_owned())
    }

    #[test]
    fn the_first_title_is_told_as_one_reads_it() {
        for (page, expected) in [
            ("<html><head><title>A page</title></head>", Some("A page")),
            ("<TITLE lang=en>\n  Two\n  words </Title>", Some("Two words")),
            ("<titled>no</titled><title>yes</title>", Some("yes")),
            ("<title>a &amp; b &lt;c&gt; &#39;d&#x27; &quot;e&quot;&nbsp;f</title>", Some("a & b <c> 'd' \"e\" f")),
            ("<title>&unknown; & &#0; &#xD800; &</title>", Some("&unknown; & \0 &#xD800; &")),
            ("<title>without an end", Some("without an end")),
            ("<title></title>", Some("")),
            ("<p>no title at all", None),
            ("<title", None),
            ("", None),
        ] {
            assert_eq!(title(page).as_deref(), expected, "{page}");
        }
        let long = format!("<title>{}</title>", "ä".repeat(5000));
        assert_eq!(title(&long).map(|title| title.chars().count()), Some(MOST_CHARS));
    }

    #[test]
    fn a_page_is_asked_for_once_and_without_one_there_is_an_error() {
        let mut host =
            Host::new().page("https://a.test/", 200, b"<title>A\xff</title>").page("https://a.test/b", 404, "");
        let output = ask(&mut host, "https://a.test/").expect("a page");
        assert_eq!(output, Output { title: Some("A\u{fffd}".to_owned()), url: "https://a.test/".to_owned() });
        assert_eq!(host.requests(), [("GET".to_owned(), "https://a.test/".to_owned(), Vec::new())]);
        assert_eq!(ask(&mut host, "https://a.test/b"), Err("the server answers with status 404".to_owned()));
        assert!(ask(&mut host, "https://b.test/").expect_err("nowhere").starts_with("http.connect: "));
        let mut closed = Host::new().page("https://a.test/", 200, "").deny("net.http");
        assert!(ask(&mut closed, "https://a.test/").expect_err("denied").starts_with("policy.ungranted: "));
    }
}
