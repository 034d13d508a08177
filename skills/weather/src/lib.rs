//! Tells the weather of the next hours, from an API that wants a key. The skill never has the key: the operator binds it to the
//! API's host, and VAK adds it to the request.

use serde::{Deserialize, Serialize};
use vak_guest::{Error, http};

/// How many hours are told at most.
const MOST_HOURS: usize = 8;

/// How much of an answer is taken, in bytes.
const MOST_BYTES: u64 = 1 << 20;

/// Where: `{"lat":48.2,"lon":16.37}`.
#[derive(Deserialize)]
struct Input {
    lat: f64,
    lon: f64,
    /// Where the API is; tests have one of their own.
    #[serde(default = "api")]
    api: String,
}

fn api() -> String {
    "https://api.nubila.ai".to_owned()
}

/// What the API answers, as far as it is of use: <https://nubila-1.gitbook.io/api-docs>.
#[derive(Deserialize)]
struct Forecast {
    #[serde(default)]
    data: Vec<Hour>,
    #[serde(default)]
    message: String,
}

#[derive(Deserialize)]
struct Hour {
    timestamp: i64,
    temperature: f64,
    humidity: f64,
    wind_speed: f64,
    condition_desc: String,
    #[serde(default)]
    location_name: String,
}

/// The weather to come.
#[derive(Debug, PartialEq, Serialize)]
struct Weather {
    place: String,
    hours: Vec<Told>,
}

/// The weather from one time on.
#[derive(Debug, PartialEq, Serialize)]
struct Told {
    unix_s: i64,
    celsius: f64,
    humidity_percent: f64,
    wind_m_s: f64,
    sky: String,
}

vak_guest::export!(execute);

fn execute(Input { lat, lon, api }: Input) -> Result<Weather, Error> {
    let url = format!("{api}/api/v1/forecast?lat={lat}&lon={lon}");
    let request = http::Request::new("GET", &url).header("accept", "application/json").max_bytes(MOST_BYTES);
    let answer = request.send()?;
    if !answer.is_ok() {
        let said = answer.json().map(|forecast: Forecast| forecast.message).unwrap_or_default();
        return Err(format_args!("the server answers with status {} {said}", answer.status)
            .to_string()
            .trim_end()
            .into());
    }
    let Forecast { data, message } = answer.json()?;
    let place = match data.first() {
        Some(first) => first.location_name.clone(),
        None if message.is_empty() => return Err("there is no forecast for this place".into()),
        None => return Err(message.into()),
    };
    Ok(Weather { place, hours: data.into_iter().take(MOST_HOURS).map(Told::from).collect() })
}

impl From<Hour> for Told {
    fn from(hour: Hour) -> Self {
        Self {
            unix_s: hour.timestamp,
            celsius: hour.temperature,
            humidity_percent: hour.humidity,
            wind_m_s: hour.wind_speed,
            sky: hour.condition_desc,
        }
    }
}

#[cfg(test)]
mod tests {
    use vak_guest::mock::Host;

    use super::*;

    const URL: &str = "https://api.nubila.ai/api/v1/forecast?lat=48.2&lon=-16.5";

    fn ask(host: &mut Host) -> Result<Weather, String> {
        let input = Input { lat: 48.2, lon: -16.5, api: api() };
        host.run(|| execute(input)).map_err(|error| error.message().to_owned())
    }

    fn hour(unix_s: i64) -> String {
        format!(
            r#"{{"timestamp":{unix_s},"temperature":-0.5,"humidity":69,"wind_speed":2.22,"rain":[{{}}],
            "condition_desc":"broken clouds","location_name":"Here"}}"#
        )
    }

    #[test]
    fn the_next_hours_are_told_and_no_more() {
        let hours: Vec<String> = (0..20).map(hour).collect();
        let body = format!(r#"{{"ok":true,"data":[{}]}}"#, hours.join(","));
        let mut host = Host::new().page(URL, 200, body);
        let weather = ask(&mut host).expect("a forecast");
        assert_eq!((weather.place.as_str(), weather.hours.len()), ("Here", MOST_HOURS));
        let first =
            Told { unix_s: 0, celsius: -0.5, humidity_percent: 69.0, wind_m_s: 2.22, sky: "broken clouds".to_owned() };
        assert_eq!(weather.hours.first(), Some(&first));
        assert_eq!(host.requests().len(), 1);
    }

    #[test]
    fn without_a_forecast_there_is_an_error_that_says_why() {
        for (status, body, said) in [
            (200, r#"{"ok":false,"message":"Invalid longitude"}"#, "Invalid longitude"),
            (200, r#"{"ok":true,"data":[]}"#, "there is no forecast for this place"),
            (401, r#"{"message":"no such key"}"#, "the server answers with status 401 no such key"),
            (500, "<html>", "the server answers with status 500"),
            (200, "<html>", "the answer is no JSON of the expected form: "),
            (200, r#"{"data":[{"timestamp":"soon"}]}"#, "the answer is no JSON of the expected form: "),
        ] {
            let error = ask(&mut Host::new().page(URL, status, body)).expect_err(body);
            assert!(error.starts_with(said), "{error}");
        }
        let error = ask(&mut Host::new().page(URL, 200, "").deny("http_fetch")).expect_err("denied");
        assert!(error.starts_with("policy.ungranted: "), "{error}");
    }
}
