//! Records as bytes: canonical JSON (RFC 8785), written directly.
//!
//! The keys are known and in order, numbers are whole and below 2^53: what is left of canonical JSON is the escapes of
//! strings. A test holds this against an implementation of all of it.

use std::time::{Duration, SystemTime};

use base64ct::{Base64UrlUnpadded, Encoding as _};
use sha2::{Digest as _, Sha256};
use vak_model::Digest;
use vak_trust::Timestamp;

use crate::record::{Inner, InvalidRunId, Record, Value};

/// The largest entry: what the two bytes before it in a bundle can say.
pub(crate) const MAX_ENTRY_BYTES: usize = u16::MAX as usize;

/// How deep lists go: nobody writes a list of lists of lists.
const MAX_DEPTH: usize = 3;

/// How long a salt is: so long that an entry can't be guessed from its hash.
const SALT_BYTES: usize = 16;

/// How long a salt is in base64.
const SALT_TEXT_BYTES: usize = 22;

/// Makes entries of records.
#[derive(Debug)]
pub(crate) struct Encoder {
    /// Nobody can guess it, so nobody can guess the salts that are made of it.
    seed: [u8; 32],
    entries: u64,
    /// The next two salts, of which the first is used for entries of even numbers.
    salts: [u8; 2 * SALT_BYTES],
    second: (u64, String),
}

impl Encoder {
    pub(crate) fn new() -> Result<Self, InvalidRunId> {
        let mut seed = [0; 32];
        getrandom::fill(&mut seed).map_err(|_| InvalidRunId::NoEntropy)?;
        Ok(Self { seed, entries: 0, salts: [0; 2 * SALT_BYTES], second: (u64::MAX, String::new()) })
    }

    /// Adds the entry of a record that was made at `now` to `out`. It is at most [`MAX_ENTRY_BYTES`] long.
    pub(crate) fn encode(&mut self, record: &Record, now: SystemTime, out: &mut Vec<u8>) {
        let begin = out.len();
        let salt = self.salt();
        out.extend_from_slice(b"{\"data\":");
        write_data(out, &record.data);
        let data_bytes = &out[begin + b"{\"data\":".len()..];
        if data_bytes.len() > MAX_ENTRY_BYTES - 1024 {
            // What all members together are, in the place of too many of them.
            let whole = Value::payload(data_bytes);
            out.truncate(begin);
            out.extend_from_slice(b"{\"data\":");
            write_data(out, &[("cut", whole)]);
        }
        self.rest(record, now, &salt, out);
        debug_assert!(out.len() - begin <= MAX_ENTRY_BYTES);
    }

    /// All that follows the data; well below 1024 bytes.
    fn rest(&mut self, record: &Record, now: SystemTime, salt: &[u8], out: &mut Vec<u8>) {
        key(out, "kind", b',');
        plain(out, record.kind.word());
        for (name, digest) in [("manifest", record.subject.manifest), ("module", record.subject.module)] {
            member_digest(out, name, digest);
        }
        member_digest(out, "policy", record.subject.policy);
        out.extend_from_slice(b",\"run\":\"");
        out.extend_from_slice(&record.run.text());
        out.push(b'"');
        out.extend_from_slice(b",\"salt\":\"");
        out.extend_from_slice(salt);
        out.extend_from_slice(b"\",\"seq\":");
        decimal(out, record.seq);
        key(out, "t", b',');
        self.time(now, out);
        out.extend_from_slice(b",\"v\":1}");
    }

    /// A salt that no other entry has, in base64. One hash is enough for two.
    fn salt(&mut self) -> [u8; SALT_TEXT_BYTES] {
        let half = (self.entries % 2) as usize;
        if half == 0 {
            let mut hash = Sha256::new();
            hash.update(self.seed);
            hash.update(self.entries.to_le_bytes());
            self.salts = hash.finalize().into();
        }
        self.entries += 1;
        let mut text = [0; SALT_TEXT_BYTES];
        // The room is just what sixteen bytes need.
        let _ = Base64UrlUnpadded::encode(&self.salts[half * SALT_BYTES..][..SALT_BYTES], &mut text);
        text
    }

    /// The time in milliseconds, for people: the order is that of the entries. A clock before 1970 says 1970.
    fn time(&mut self, now: SystemTime, out: &mut Vec<u8>) {
        let since = now.duration_since(SystemTime::UNIX_EPOCH).unwrap_or(Duration::ZERO);
        let seconds = since.as_secs();
        if self.second.0 != seconds {
            let time = Timestamp::from_unix(seconds).unwrap_or(Timestamp::EPOCH);
            self.second = (seconds, time.to_string());
        }
        let millis = since.subsec_millis();
        let digit = |of: u32| b'0' + (millis / of % 10) as u8;
        out.push(b'"');
        out.extend_from_slice(self.second.1.trim_end_matches('Z').as_bytes());
        out.extend_from_slice(&[b'.', digit(100), digit(10), digit(1), b'Z', b'"']);
    }
}

fn write_data(out: &mut Vec<u8>, members: &[(&'static str, Value)]) {
    out.push(b'{');
    for (i, (name, value)) in members.iter().enumerate() {
        if i > 0 {
            out.push(b',');
        }
        plain(out, name);
        out.push(b':');
        write_value(out, value, MAX_DEPTH);
    }
    out.push(b'}');
}

fn write_value(out: &mut Vec<u8>, value: &Value, depth: usize) {
    match &value.0 {
        Inner::Text(text) => string(out, text),
        Inner::Number(number) => decimal(out, *number),
        Inner::Flag(flag) => out.extend_from_slice(if *flag { b"true" } else { b"false" }),
        Inner::Payload(digest, bytes) => {
            measured(out, digest, *bytes);
            out.push(b'}');
        }
        Inner::Altered(text, digest, bytes) => {
            measured(out, digest, *bytes);
            key(out, "text", b',');
            string(out, text);
            out.push(b'}');
        }
        Inner::List(values) => {
            out.push(b'[');
            for (i, value) in values.iter().take(if depth == 0 { 0 } else { usize::MAX }).enumerate() {
                if i > 0 {
                    out.push(b',');
                }
                write_value(out, value, depth - 1);
            }
            out.push(b']');
        }
    }
}

/// `{"bytes":...,"sha256":"..."`, without its end.
fn measured(out: &mut Vec<u8>, digest: &Digest, bytes: u64) {
    out.extend_from_slice(b"{\"bytes\":");
    decimal(out, bytes);
    out.extend_from_slice(b",\"sha256\":\"");
    hex(out, digest);
    out.push(b'"');
}

fn member_digest(out: &mut Vec<u8>, name: &str, digest: Option<Digest>) {
    if let Some(digest) = digest {
        key(out, name, b',');
        out.extend_from_slice(b"\"sha256:");
        hex(out, &digest);
        out.push(b'"');
    }
}

fn hex(out: &mut Vec<u8>, digest: &Digest) {
    let mut digits = [0; 64];
    // The room is just what 32 bytes need.
    if base16ct::lower::encode(digest.as_bytes(), &mut digits).is_ok() {
        out.extend_from_slice(&digits);
    }
}

/// A number without its sign. The machinery for formatting takes several times as long.
fn decimal(out: &mut Vec<u8>, mut number: u64) {
    let mut digits = [0; 20];
    let mut at = digits.len();
    loop {
        at -= 1;
        digits[at] = b'0' + (number % 10) as u8;
        number /= 10;
        if number == 0 {
            break;
        }
    }
    out.extend_from_slice(&digits[at..]);
}

fn key(out: &mut Vec<u8>, name: &str, before: u8) {
    out.push(before);
    plain(out, name);
    out.push(b':');
}

/// A string in which nothing needs an escape.
fn plain(out: &mut Vec<u8>, text: &str) {
    debug_assert!(text.bytes().all(|byte| matches!(byte, b' '..=b'~') && byte != b'"' && byte != b'\\'));
    out.push(b'"');
    out.extend_from_slice(text.as_bytes());
    out.push(b'"');
}

/// Any string: `serde_json` escapes what RFC 8785 escapes, in its spelling.
fn string(out: &mut Vec<u8>, text: &str) {
    if text.bytes().all(|byte| matches!(byte, b' '..=b'~') && byte != b'"' && byte != b'\\') {
        return plain(out, text);
    }
    let _ = serde_json::to_writer(out, text);
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;
    use serde_json::Value as Json;

    use super::*;
    use crate::record::{Kind, RunId, Subject, Trail};

    fn trail() -> Trail {
        Trail::new("00000000-0000-4000-8000-000000000000".parse::<RunId>().expect("an id"))
    }

    fn encode(record: &Record, now: SystemTime) -> Vec<u8> {
        let mut out = Vec::new();
        Encoder::new().expect("random").encode(record, now, &mut out);
        out
    }

    fn json(entry: &[u8]) -> Json {
        serde_json::from_slice(entry).expect("JSON")
    }

    #[test]
    fn numbers_are_written_as_everywhere() {
        for number in [0, 9, 10, 99, 100, 1 << 53, u64::MAX] {
            let mut out = Vec::new();
            decimal(&mut out, number);
            assert_eq!(out, number.to_string().into_bytes());
        }
    }

    #[test]
    fn no_two_entries_have_the_same_salt() {
        let mut encoder = Encoder::new().expect("random");
        let salts: std::collections::BTreeSet<_> = (0..1000).map(|_| encoder.salt()).collect();
        assert_eq!(salts.len(), 1000);
        assert_ne!(Encoder::new().expect("random").salt(), Encoder::new().expect("random").salt());
    }

    #[test]
    fn an_entry_has_the_members_of_the_format() {
        let digest = Digest::from_bytes([0xab; 32]);
        let subject = Subject { module: Some(digest), manifest: Some(digest), policy: None };
        let record = trail().record(Kind::ExecStart).about(subject).with("export", Value::text("execute"));
        let at = SystemTime::UNIX_EPOCH + Duration::from_millis(1_826_755_200_123);
        let entry = json(&encode(&record, at));
        let salt = entry["salt"].as_str().expect("a salt");
        assert_eq!(salt.len(), 22);
        let hex = "ab".repeat(32);
        assert_eq!(
            entry,
            serde_json::json!({
                "v": 1, "t": "2027-11-21T00:00:00.123Z", "kind": "exec.start", "seq": 0, "salt": salt,
                "run": "00000000-0000-4000-8000-000000000000", "data": { "export": "execute" },
                "module": format!("sha256:{hex}"), "manifest": format!("sha256:{hex}"),
            })
        );
    }

    #[test]
    fn two_entries_of_the_same_record_have_different_salts() {
        let (record, mut encoder) = (trail().record(Kind::ExecEnd), Encoder::new().expect("random"));
        let mut encode = || {
            let mut out = Vec::new();
            encoder.encode(&record, SystemTime::UNIX_EPOCH, &mut out);
            out
        };
        assert_ne!(encode(), encode());
    }

    #[test]
    fn l13_hostile_text_is_one_short_line_with_length_and_digest() {
        for hostile in [&b"a\nb\r\n\"}{"[..], b"\x1b]0;x\x07\x9b31m", b"\xff\xfe", &[b'x'; 200_000]] {
            let entry =
                encode(&trail().record(Kind::HostCall).with("said", Value::lossy(hostile)), SystemTime::UNIX_EPOCH);
            assert!(
                entry.len() < 4000 && entry.iter().all(|byte| *byte >= b' '),
                "{}",
                String::from_utf8_lossy(&entry)
            );
            let said = json(&entry)["data"]["said"].clone();
            assert_eq!(said["bytes"], hostile.len());
            let whole = base16ct::lower::encode_string(&Sha256::digest(hostile));
            assert_eq!(said["sha256"], whole);
        }
    }

    #[test]
    fn l13_a_record_beyond_the_bound_is_its_length_and_its_digest() {
        let texts = (0..100).map(|_| Value::text(&"x".repeat(1000)));
        let record = trail().record(Kind::HostCall).with("list", Value::list(texts)).with("more", Value::number(1));
        let entry = encode(&record, SystemTime::UNIX_EPOCH);
        assert!(entry.len() <= MAX_ENTRY_BYTES);
        let data = json(&entry)["data"].clone();
        assert!(data["cut"]["bytes"].as_u64().expect("a number") > 100_000, "{data}");
        assert_eq!(data.as_object().expect("an object").len(), 1);
    }

    #[test]
    fn l18_a_payload_leaves_its_length_and_its_digest_alone() {
        let secret = b"Authorization: Bearer hunter2";
        let entry =
            encode(&trail().record(Kind::HostCall).with("request", Value::payload(secret)), SystemTime::UNIX_EPOCH);
        let text = String::from_utf8(entry).expect("UTF-8");
        assert!(!text.contains("hunter2") && !text.contains("Authorization"), "{text}");
        assert!(text.contains("\"bytes\":29"), "{text}");
    }

    #[test]
    fn l14_clocks_that_are_far_off_have_a_time_all_the_same() {
        let record = trail().record(Kind::ExecEnd);
        let at = |time| json(&encode(&record, time))["t"].as_str().expect("a time").to_owned();
        assert_eq!(at(SystemTime::UNIX_EPOCH - Duration::from_secs(5)), "1970-01-01T00:00:00.000Z");
        let far = SystemTime::UNIX_EPOCH + Duration::from_secs(1 << 40);
        assert_eq!(at(far), "1970-01-01T00:00:00.000Z");
    }

    fn value() -> impl Strategy<Value = Value> {
        let leaf = prop_oneof![
            any::<Vec<u8>>().prop_map(|bytes| Value::lossy(&bytes)),
            ".*".prop_map(|text| Value::text(&text)),
            any::<Vec<u8>>().prop_map(|bytes| Value::payload(&bytes)),
            any::<u64>().prop_map(Value::number),
            any::<bool>().prop_map(Value::flag),
        ];
        leaf.prop_recursive(2, 8, 4, |inner| prop::collection::vec(inner, 0..4).prop_map(Value::list))
    }

    proptest! {
        #[test]
        fn entries_are_canonical_json(a in value(), b in value(), c in value(), seq: u32) {
            let mut trail = trail();
            let mut record = trail.record(Kind::HostCallEnd).with("b", b).with("a_b", a).with("c", c);
            record.seq = seq.into();
            record.subject.module = Some(Digest::from_bytes([seq as u8; 32]));
            let entry = encode(&record, SystemTime::UNIX_EPOCH);
            let canonical = serde_json_canonicalizer::to_vec(&json(&entry)).expect("canonical");
            prop_assert_eq!(String::from_utf8_lossy(&entry), String::from_utf8_lossy(&canonical));
        }
    }
}
