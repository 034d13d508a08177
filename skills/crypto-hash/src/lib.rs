//! SHA-256 (FIPS 180-4) and HMAC-SHA-256 (RFC 2104).

mod bytes;

use hmac::{Hmac, KeyInit, Mac};
use serde::{Deserialize, Serialize};
use sha2::{Digest, Sha256};
use subtle::ConstantTimeEq;
use vak_guest::Error;

use bytes::{Binary, Data, Encoding};

/// What to hash: `{"text":"abc"}`, `{"hex":"616263"}` or `{"base64":"YWJj"}`.
#[derive(Deserialize)]
struct HashInput {
    text: Option<String>,
    hex: Option<String>,
    base64: Option<String>,
    #[serde(default)]
    encoding: Encoding,
}

/// The hash: `{"digest":"ba78..."}`.
#[derive(Serialize)]
struct HashOutput {
    digest: String,
}

/// What to authenticate: `{"key":{"text":"Jefe"},"message":{"text":"what do ya want for nothing?"}}`.
#[derive(Deserialize)]
struct MacInput {
    key: Data,
    message: Data,
    #[serde(default)]
    encoding: Encoding,
}

/// The code: `{"mac":"5bdc..."}`.
#[derive(Serialize)]
struct MacOutput {
    mac: String,
}

/// What to check: a key, a message, and the code that came with it.
#[derive(Deserialize)]
struct VerifyInput {
    key: Data,
    message: Data,
    mac: Binary,
}

/// Whether the code is the message's: `{"valid":true}`.
#[derive(Serialize)]
struct VerifyOutput {
    valid: bool,
}

vak_guest::export!(sha256, hmac_sha256, verify);

fn sha256(HashInput { text, hex, base64, encoding }: HashInput) -> Result<HashOutput, Error> {
    let data = match (text, hex, base64) {
        (Some(text), None, None) => Data::Text(text),
        (None, Some(hex), None) => Data::Hex(hex),
        (None, None, Some(base64)) => Data::Base64(base64),
        _ => return Err("exactly one of text, hex and base64 is needed".into()),
    };
    let digest = Sha256::digest(data.bytes("")?);
    Ok(HashOutput { digest: encoding.encode(&digest) })
}

fn hmac_sha256(MacInput { key, message, encoding }: MacInput) -> Result<MacOutput, Error> {
    let mac = authenticate(key, message)?;
    Ok(MacOutput { mac: encoding.encode(&mac) })
}

fn verify(VerifyInput { key, message, mac }: VerifyInput) -> Result<VerifyOutput, Error> {
    let expected = authenticate(key, message)?;
    let mac = mac.bytes("mac.")?;
    if mac.len() != expected.len() {
        return Err("mac: an HMAC-SHA-256 has 32 bytes".into());
    }
    // Looks at every byte, so that neither time nor fuel tells how much of a forgery is right.
    Ok(VerifyOutput { valid: expected.ct_eq(&mac).into() })
}

fn authenticate(key: Data, message: Data) -> Result<[u8; 32], Error> {
    let mut hmac = Hmac::<Sha256>::new_from_slice(&key.bytes("key.")?)?;
    hmac.update(&message.bytes("message.")?);
    Ok(hmac.finalize().into_bytes().into())
}

#[cfg(test)]
mod tests;
