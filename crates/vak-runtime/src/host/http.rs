//! HTTP requests: what `http_fetch` asks for, once for each place that a request is sent on to.

mod header;
mod redirect;
mod url;

use std::sync::Arc;

use serde::Deserialize;
use vak_model::{Effect, HttpMethod, HttpUrl};
use vak_policy::Grant;

use self::header::Headers;
pub(crate) use self::header::check as check_header;
pub(crate) use self::url::parse as parse_url;
use super::request::Request;
use crate::failure::Failure;
use crate::gate::{Ask, Gate, Reply, Stop};
use crate::world::{Body, HttpFetch, MAX_HTTP_BYTES};

/// How often a request is sent on at most.
const MAX_HOPS: u8 = 5;

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct Line {
    #[serde(default = "get")]
    method: String,
    url: String,
    #[serde(default)]
    headers: Vec<(String, String)>,
    #[serde(default = "max_bytes")]
    max_bytes: u64,
    #[serde(default)]
    redirects: Redirects,
}

/// What happens to an answer that says where else to ask.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Deserialize)]
#[serde(rename_all = "snake_case")]
enum Redirects {
    /// The host asks there, if that is allowed as well.
    #[default]
    Follow,
    /// The guest gets it.
    Manual,
}

fn get() -> String {
    HttpMethod::Get.word().to_owned()
}

const fn max_bytes() -> u64 {
    MAX_HTTP_BYTES as u64
}

/// A request on its way: where it goes now, and what goes with it.
#[derive(Clone, Debug)]
struct Fetch {
    method: HttpMethod,
    url: HttpUrl,
    headers: Headers,
    body: Body,
    max_bytes: usize,
    /// How often it may still be sent on.
    hops_left: u8,
    follow: bool,
}

impl Fetch {
    fn read(request: &Request) -> Result<Self, Failure> {
        let (line, body): (Line, Body) = request.with_body()?;
        if body.as_slice().len() > MAX_HTTP_BYTES {
            return Err(Failure::HttpBody { max: MAX_HTTP_BYTES });
        }
        Ok(Self {
            method: HttpMethod::named(&line.method).ok_or(Failure::HttpMethod)?,
            url: url::parse(&line.url)?,
            headers: Headers::read(line.headers)?,
            body,
            // Never more than is given at a time, whatever is asked for.
            max_bytes: usize::try_from(line.max_bytes).unwrap_or(MAX_HTTP_BYTES).min(MAX_HTTP_BYTES),
            hops_left: MAX_HOPS,
            follow: line.redirects == Redirects::Follow,
        })
    }

    /// What is asked of the gate for where the request goes now.
    fn ask(&self, grant: &Grant) -> Ask {
        let Self { method, url, headers, body, max_bytes, follow, .. } = self.clone();
        let bytes = body.as_slice().len() as u64;
        let effect = Effect::HttpFetch { method, url: url.clone(), bytes };
        let record = Some(body.clone());
        let named_address = grant.names_address(&url);
        let headers = headers.into_pairs();
        let fetch = HttpFetch { method, url, headers, body, max_bytes, follow, named_address };
        Ask { effect, body: record, act: Box::new(move |world, permit| world.http_fetch(permit, fetch)) }
    }
}

/// What the first request would be.
pub(super) fn first(request: Request, context: super::Context<'_>) -> Result<Ask, Failure> {
    Ok(Fetch::read(&request)?.ask(context.grant))
}

/// Asks for what a guest wants, and then for wherever the server sends it on to: each time the gate decides anew.
pub(super) async fn fetch(gate: &mut Gate, request: Request) -> Result<Reply, Stop> {
    let mut fetch = match Fetch::read(&request) {
        Ok(fetch) => fetch,
        Err(failure) => return Ok(Reply::failed(&failure)),
    };
    drop(request);
    loop {
        let grant = Arc::clone(&gate.grant);
        let reply = gate.perform(fetch.ask(&grant)).await?;
        fetch = match redirect::next(fetch, &reply) {
            Ok(Some(next)) => next,
            Ok(None) => return Ok(reply),
            Err(failure) => return Ok(Reply::failed(&failure)),
        };
    }
}

/// What an action of a plan would ask for: a `GET` of a URL.
pub(super) fn planned(target: &str, bytes: u64) -> Option<Effect> {
    Some(Effect::HttpFetch { method: HttpMethod::Get, url: url::parse(target).ok()?, bytes })
}

#[cfg(test)]
mod tests {
    use super::*;

    fn read(line: &str, body: usize) -> Result<Fetch, Failure> {
        let mut bytes = format!("{line}\n").into_bytes();
        bytes.resize(bytes.len() + body, b'a');
        Fetch::read(&Request::new(bytes))
    }

    #[test]
    fn g15_a_body_is_no_longer_than_it_may_be() {
        let line = r#"{"url":"http://a.test/","method":"PUT"}"#;
        assert_eq!(read(line, MAX_HTTP_BYTES).map(|fetch| fetch.body.as_slice().len()), Ok(MAX_HTTP_BYTES));
        assert_eq!(read(line, MAX_HTTP_BYTES + 1).map(|_| ()), Err(Failure::HttpBody { max: MAX_HTTP_BYTES }));
    }

    #[test]
    fn g11_no_guest_raises_the_bound_of_an_answer() {
        for (max, held) in [("0", 0), ("5", 5), ("18446744073709551615", MAX_HTTP_BYTES)] {
            let line = format!("{{\"url\":\"http://a.test/\",\"max_bytes\":{max}}}");
            assert_eq!(read(&line, 0).map(|fetch| fetch.max_bytes), Ok(held), "{max}");
        }
    }
}
