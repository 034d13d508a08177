//! Answers that say where else to ask: who goes there is the host, and by the same gate.

use serde::Deserialize;
use vak_abi::Status;
use vak_model::{HttpMethod, HttpScheme};

use super::{Fetch, url};
use crate::failure::Failure;
use crate::gate::Reply;
use crate::world::{Body, Sent};

#[derive(Deserialize)]
struct Head {
    status: u16,
    headers: Vec<(String, String)>,
}

/// The next request, if the reply sends this one on and it goes there; none if the reply is the guest's.
///
/// What the server says is as hostile as what the guest says.
pub(super) fn next(fetch: Fetch, reply: &Reply) -> Result<Option<Fetch>, Failure> {
    if reply.status != Status::Done || !fetch.follow {
        return Ok(None);
    }
    let line = reply.bytes.split(|byte| *byte == b'\n').next().unwrap_or_default();
    let Head { status, headers } = serde_json::from_slice(line).map_err(|_| Failure::HttpProtocol)?;
    let Some(sent) = Sent::on(status) else { return Ok(None) };
    let mut locations = headers.iter().filter(|(name, _)| name == "location").map(|(_, value)| value);
    match (locations.next(), locations.next()) {
        (Some(location), None) => follow(fetch, sent, location).map(Some),
        (None, _) => Ok(None),
        (Some(_), Some(_)) => Err(Failure::HttpRedirect("it names two places")),
    }
}

fn follow(mut fetch: Fetch, sent: Sent, location: &str) -> Result<Fetch, Failure> {
    fetch.hops_left = fetch.hops_left.checked_sub(1).ok_or(Failure::HttpRedirects(super::MAX_HOPS))?;
    let to =
        url::join(&fetch.url, location).map_err(|_| Failure::HttpRedirect("what it names is no URL for a skill"))?;
    if fetch.url.scheme() == HttpScheme::Https && to.scheme() == HttpScheme::Http {
        return Err(Failure::HttpRedirect("it leads out of TLS"));
    }
    if !to.same_origin(&fetch.url) {
        fetch.headers.keep_harmless();
    }
    if sent.becomes_get(fetch.method) {
        fetch.method = HttpMethod::Get;
        fetch.body = Body::empty();
        fetch.headers.forget_body();
    }
    fetch.url = to;
    Ok(fetch)
}

#[cfg(test)]
mod tests {
    use super::super::{Headers, MAX_HOPS};
    use super::*;

    fn fetch(method: HttpMethod, from: &str) -> Fetch {
        let pairs =
            [("authorization", "Bearer x"), ("cookie", "a=b"), ("x-api-key", "k"), ("content-type", "text/plain")]
                .map(|(name, value)| (name.to_owned(), value.to_owned()));
        Fetch {
            method,
            url: url::parse(from).expect(from),
            headers: Headers::read(pairs.to_vec()).expect("headers"),
            body: Body::of(b"body".to_vec()),
            max_bytes: 10,
            hops_left: MAX_HOPS,
            follow: true,
        }
    }

    fn reply(status: u16, locations: &[&str]) -> Reply {
        let headers: Vec<_> = locations.iter().map(|location| ("location", location)).collect();
        let head = serde_json::json!({ "status": status, "url": "-", "headers": headers });
        Reply { status: Status::Done, bytes: format!("{head}\n").into_bytes() }
    }

    fn hop(method: HttpMethod, status: u16, from: &str, to: &str) -> Result<Option<Fetch>, Failure> {
        next(fetch(method, from), &reply(status, &[to]))
    }

    #[test]
    fn g7_headers_that_say_who_asks_stay_with_their_server() {
        for (to, kept) in [
            ("https://a.test/other", 4),
            ("/other", 4),
            ("https://a.test:443/", 4),
            ("https://b.test/", 1),
            ("https://a.test.b.test/", 1),
            ("https://a.test:444/", 1),
        ] {
            let next = hop(HttpMethod::Get, 307, "https://a.test/", to).expect(to).expect(to);
            assert_eq!(next.headers.clone().into_pairs().len(), kept, "{to}");
        }
        let upgraded = hop(HttpMethod::Get, 307, "http://a.test/", "https://a.test/").expect("valid").expect("sent on");
        assert_eq!(upgraded.headers.into_pairs(), [("content-type".to_owned(), "text/plain".to_owned())]);
    }

    #[test]
    fn g7_a_redirect_leads_neither_out_of_tls_nor_to_another_scheme_nor_to_two_places() {
        for to in ["http://a.test/", "file:///etc/passwd", "gopher://a.test/", "//user@b.test/", "/a\tb", "//"] {
            let refused = hop(HttpMethod::Get, 302, "https://a.test/", to);
            assert!(matches!(refused, Err(Failure::HttpRedirect(_))), "{to}: {refused:?}");
        }
        let two = next(fetch(HttpMethod::Get, "https://a.test/"), &reply(302, &["/a", "/b"]));
        assert!(matches!(two, Err(Failure::HttpRedirect(_))));
    }

    #[test]
    fn g7_nobody_is_sent_on_more_than_five_times() {
        let mut sent = fetch(HttpMethod::Get, "https://a.test/");
        for _ in 0..MAX_HOPS {
            sent = next(sent, &reply(302, &["/again"])).expect("allowed").expect("sent on");
        }
        assert!(matches!(next(sent, &reply(302, &["/again"])), Err(Failure::HttpRedirects(5))));
    }

    #[test]
    fn a_redirect_keeps_or_changes_the_method_as_browsers_do() {
        use HttpMethod::{Get, Head, Post, Put};
        for (status, method, then) in [
            (301, Post, Get),
            (302, Post, Get),
            (303, Post, Get),
            (303, Put, Get),
            (303, Head, Head),
            (301, Put, Put),
            (307, Post, Post),
            (308, Post, Post),
            (302, Head, Head),
        ] {
            let next = hop(method, status, "https://a.test/", "/b").expect("valid").expect("sent on");
            assert_eq!(next.method, then, "{status} {method}");
            let dropped = then != method;
            assert_eq!(next.body.as_slice().is_empty(), dropped, "{status} {method}");
            assert_eq!(next.headers.into_pairs().iter().any(|(name, _)| name == "content-type"), !dropped);
        }
    }

    #[test]
    fn what_sends_nobody_on_is_the_guest_s() {
        for (status, locations) in [(200, &["/b"][..]), (304, &["/b"]), (300, &["/b"]), (302, &[])] {
            let next = next(fetch(HttpMethod::Get, "https://a.test/"), &reply(status, locations));
            assert!(matches!(next, Ok(None)), "{status}");
        }
        let manual = Fetch { follow: false, ..fetch(HttpMethod::Get, "https://a.test/") };
        assert!(matches!(next(manual, &reply(302, &["/b"])), Ok(None)));
    }
}
