//! The forms that public keys are written in.

use base64ct::{Base64, Encoding as _};
use pkcs8::der::asn1::BitStringRef;
use pkcs8::der::pem::LineEnding;
use pkcs8::der::{self, Document};
use pkcs8::spki::{AlgorithmIdentifierRef, SubjectPublicKeyInfoRef};

use super::secret_text::ED25519;
use super::{InvalidKey, PublicKey, openssh};

/// The largest file that is looked at for a public key, in bytes.
const MAX_PUBLIC_BYTES: usize = 16 * 1024;

/// What wasmsign2 puts before the 32 bytes of a public key.
const RAW_PUBLIC: u8 = 0x01;

/// A form to write a public key in.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum PublicKeyForm {
    /// PEM, as OpenSSL and cosign read it.
    Spki,
    /// The line of an OpenSSH `.pub` file.
    OpenSsh,
    /// The 33 bytes that wasmsign2 reads.
    Raw,
    /// 64 hexadecimal digits and a line end.
    Hex,
}

impl PublicKey {
    /// Reads a key from the contents of a file: PEM, an OpenSSH line, wasmsign2's 33 bytes, 64 hexadecimal digits, or
    /// what [`PublicKey`] displays as.
    ///
    /// # Errors
    /// The contents are none of them, or no key that could be trusted.
    pub fn read(contents: &[u8]) -> Result<Self, InvalidKey> {
        if let [RAW_PUBLIC, key @ ..] = contents
            && key.len() == 32
        {
            return Self::try_from(key);
        }
        if contents.len() > MAX_PUBLIC_BYTES {
            return Err(InvalidKey::Form);
        }
        let text = std::str::from_utf8(contents).map_err(|_| InvalidKey::Form)?.trim();
        match text.split_whitespace().next() {
            Some("-----BEGIN") => of_pem(text),
            Some(openssh::ED25519) => openssh::public(text),
            Some(word) if word.len() == 64 && word == text => of_hex(word),
            _ => text.parse(),
        }
    }

    /// The contents of a file that holds the key; `comment` is kept where the form has room for one.
    #[must_use]
    pub fn write(&self, form: PublicKeyForm, comment: &str) -> Vec<u8> {
        match form {
            PublicKeyForm::Spki => self.to_pem().into_bytes(),
            PublicKeyForm::OpenSsh => {
                let line = format!("{} {}", openssh::ED25519, Base64::encode_string(&openssh::public_blob(self)));
                let comment = vak_model::printable(comment, 200);
                let separator = if comment.is_empty() { "" } else { " " };
                format!("{line}{separator}{comment}\n").into_bytes()
            }
            PublicKeyForm::Raw => [&[RAW_PUBLIC], self.as_bytes().as_slice()].concat(),
            PublicKeyForm::Hex => format!("{}\n", self.to_hex()).into_bytes(),
        }
    }

    fn to_pem(self) -> String {
        let pem = |key: &Self| -> der::Result<String> {
            let algorithm = AlgorithmIdentifierRef { oid: ED25519, parameters: None };
            let subject_public_key = BitStringRef::from_bytes(key.as_bytes())?;
            let info = SubjectPublicKeyInfoRef { algorithm, subject_public_key };
            Document::encode_msg(&info)?.to_pem("PUBLIC KEY", LineEnding::LF)
        };
        // The structure has a fixed shape and 44 bytes: nothing of it can fail.
        pem(&self).unwrap_or_default()
    }
}

fn of_pem(text: &str) -> Result<PublicKey, InvalidKey> {
    let (label, document) = Document::from_pem(text).map_err(|_| InvalidKey::Form)?;
    match label {
        "PUBLIC KEY" => {}
        "PRIVATE KEY" | "ENCRYPTED PRIVATE KEY" | "OPENSSH PRIVATE KEY" => return Err(InvalidKey::Secret),
        _ => return Err(InvalidKey::Form),
    }
    let info: SubjectPublicKeyInfoRef<'_> = document.decode_msg().map_err(|_| InvalidKey::Form)?;
    if info.algorithm.oid != ED25519 || info.algorithm.parameters.is_some() {
        return Err(InvalidKey::Form);
    }
    PublicKey::try_from(info.subject_public_key.as_bytes().ok_or(InvalidKey::Form)?)
}

fn of_hex(text: &str) -> Result<PublicKey, InvalidKey> {
    PublicKey::try_from(base16ct::mixed::decode_vec(text).map_err(|_| InvalidKey::Form)?.as_slice())
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::super::PublisherKey;
    use super::*;

    fn key() -> PublicKey {
        PublisherKey::from_seed(&[7; 32]).public()
    }

    #[test]
    fn every_form_reads_back() {
        for form in [PublicKeyForm::Spki, PublicKeyForm::OpenSsh, PublicKeyForm::Raw, PublicKeyForm::Hex] {
            assert_eq!(PublicKey::read(&key().write(form, "alice laptop")), Ok(key()), "{form:?}");
        }
        assert_eq!(PublicKey::read(format!("{}\n", key()).as_bytes()), Ok(key()));
        assert_eq!(PublicKey::read(key().to_hex().to_uppercase().as_bytes()), Ok(key()));
    }

    #[test]
    fn the_forms_are_those_that_other_tools_write() {
        let text = |form| String::from_utf8(key().write(form, "")).expect("text");
        assert_eq!(
            text(PublicKeyForm::Spki),
            "-----BEGIN PUBLIC KEY-----\nMCowBQYDK2VwAyEA6kpsY+KcUgq+9VB7Ey7F+ZVHdq6+vnuSQh7qaRRG0iw=\n-----END PUBLIC KEY-----\n"
        );
        assert_eq!(
            text(PublicKeyForm::OpenSsh),
            "ssh-ed25519 AAAAC3NzaC1lZDI1NTE5AAAAIOpKbGPinFIKvvVQexMuxfmVR3auvr57kkIe6mkURtIs\n"
        );
        assert_eq!(key().write(PublicKeyForm::Raw, "")[..2], [0x01, 0xea]);
    }

    #[test]
    fn other_files_are_no_public_keys() {
        let pem = String::from_utf8(key().write(PublicKeyForm::Spki, "")).expect("text");
        let ssh = String::from_utf8(key().write(PublicKeyForm::OpenSsh, "")).expect("text");
        let secret = "-----BEGIN PRIVATE KEY-----\nMC4CAQAwBQYDK2VwBCIEIAcHBwcHBwcHBwcHBwcHBwcHBwcHBwcHBwcHBwcHBwcH\n-----END PRIVATE KEY-----\n";
        assert_eq!(PublicKey::read(secret.as_bytes()), Err(InvalidKey::Secret));
        let weak = [&[1u8][..], &[0; 32]].concat();
        assert_eq!(PublicKey::read(&weak), Err(InvalidKey::Weak));
        for bad in [
            String::new(),
            pem.replace("MCowBQYDK2VwAyEA", "MCowBQYDK2VuAyEA"),
            pem.replace("PUBLIC KEY", "RSA PUBLIC KEY"),
            pem[..80].to_owned(),
            ssh.replace("AAAAC3", "AAAAC4"),
            ssh.replace("mkURtIs", "mkURtI"),
            "ssh-ed25519".to_owned(),
            "ssh-rsa AAAAB3NzaC1yc2E=".to_owned(),
            format!("{}{}", key().to_hex(), key().to_hex()),
            "x".repeat(MAX_PUBLIC_BYTES + 1),
        ] {
            assert_eq!(PublicKey::read(bad.as_bytes()), Err(InvalidKey::Form), "{bad:.60}");
        }
    }

    proptest! {
        #[test]
        fn no_bytes_make_the_reader_of_public_keys_panic(bytes: Vec<u8>, text in "(ssh-ed25519 |-----BEGIN |ed25519:)[A-Za-z0-9+/= -]{0,90}") {
            let _ = PublicKey::read(&bytes);
            let _ = PublicKey::read(text.as_bytes());
        }
    }
}
