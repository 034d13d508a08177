//! Points in time, as trust roots write them. They are always given by the caller: nothing here reads a clock.

use std::fmt;
use std::str::FromStr;
use std::time::{Duration, SystemTime};

use pkcs8::der::DateTime;
use serde::{Deserialize, Serialize};

/// A second between 1970 and 9999, in UTC: `2027-11-21T00:00:00Z`.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(try_from = "String", into = "String")]
pub struct Timestamp(u64);

/// The text or the clock does not say a time that can be used.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
#[error("not a time of the years 1970 to 9999 in the form 2027-11-21T00:00:00Z")]
pub struct InvalidTime;

impl Timestamp {
    /// The beginning of 1970, for those whose trust does not depend on the time.
    pub const EPOCH: Self = Self(0);

    /// The time in seconds since 1970.
    ///
    /// # Errors
    /// It is after the year 9999.
    pub fn from_unix(seconds: u64) -> Result<Self, InvalidTime> {
        calendar(seconds).map(|_| Self(seconds)).ok_or(InvalidTime)
    }

    /// What a clock says, without its fractions of a second.
    ///
    /// # Errors
    /// It is before 1970 or after the year 9999.
    pub fn from_system(time: SystemTime) -> Result<Self, InvalidTime> {
        time.duration_since(SystemTime::UNIX_EPOCH).map_err(|_| InvalidTime).and_then(|d| Self::from_unix(d.as_secs()))
    }

    /// Seconds since 1970.
    #[must_use]
    pub const fn unix(self) -> u64 {
        self.0
    }
}

/// Date and time of day; none after the year 9999.
fn calendar(seconds: u64) -> Option<DateTime> {
    DateTime::from_unix_duration(Duration::from_secs(seconds)).ok()
}

impl FromStr for Timestamp {
    type Err = InvalidTime;

    fn from_str(text: &str) -> Result<Self, InvalidTime> {
        let time: DateTime = text.parse().map_err(|_| InvalidTime)?;
        // What was read must be what would be written: there is one spelling of a time.
        if time.to_string() == text { Ok(Self(time.unix_duration().as_secs())) } else { Err(InvalidTime) }
    }
}

impl TryFrom<String> for Timestamp {
    type Error = InvalidTime;

    fn try_from(text: String) -> Result<Self, InvalidTime> {
        text.parse()
    }
}

impl From<Timestamp> for String {
    fn from(time: Timestamp) -> Self {
        time.to_string()
    }
}

impl fmt::Display for Timestamp {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match calendar(self.0) {
            Some(time) => time.fmt(f),
            // No value is beyond the calendar; a number is still the truth.
            None => self.0.fmt(f),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn times_have_one_spelling() {
        let time: Timestamp = "2027-11-21T00:00:00Z".parse().expect("a time");
        assert_eq!(time.unix(), 1_826_755_200);
        assert_eq!(time.to_string(), "2027-11-21T00:00:00Z");
        assert_eq!(Timestamp::from_unix(1_826_755_200), Ok(time));
        for bad in [
            "",
            "2027-11-21",
            "2027-11-21T00:00:00",
            "2027-11-21t00:00:00z",
            "2027-11-21T00:00:00.0Z",
            "2027-11-21T00:00:00+00:00",
            "2027-02-30T00:00:00Z",
            "2027-11-21T24:00:00Z",
            "1969-12-31T23:59:59Z",
            "+027-11-21T00:00:00Z",
            "２027-11-21T00:00:00Z",
        ] {
            assert_eq!(bad.parse::<Timestamp>(), Err(InvalidTime), "{bad}");
        }
    }

    #[test]
    fn clocks_that_are_far_off_give_no_time() {
        assert!(Timestamp::from_system(SystemTime::UNIX_EPOCH - Duration::from_secs(1)).is_err());
        assert!(Timestamp::from_unix(u64::MAX).is_err());
        assert_eq!(Timestamp::from_unix(0).map(Timestamp::unix), Ok(0));
    }
}
