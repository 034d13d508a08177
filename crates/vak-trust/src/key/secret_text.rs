//! The forms that secret keys are kept in.

use ed25519_dalek::SigningKey;
use pkcs8::der::asn1::OctetStringRef;
use pkcs8::der::pem::LineEnding;
use pkcs8::der::{self, SecretDocument};
use pkcs8::pkcs5::EncryptionScheme;
use pkcs8::pkcs5::pbes2::{Kdf, Parameters};
use pkcs8::spki::AlgorithmIdentifierRef;
use pkcs8::{EncryptedPrivateKeyInfoRef, ObjectIdentifier, PrivateKeyInfoRef};
use vak_model::Code;
use zeroize::Zeroizing;

use super::{PublicKey, Role, SecretKey, openssh};

/// Ed25519, as RFC 8410 names it.
pub(super) const ED25519: ObjectIdentifier = ObjectIdentifier::new_unwrap("1.3.101.112");

/// What wasmsign2 puts before seed and public key.
const RAW_SECRET: u8 = 0x81;

/// The most memory that unlocking a key file may take, in bytes: the file says how much it wants.
const MAX_SCRYPT_BYTES: u64 = 256 << 20;

/// The most rounds that unlocking a key file may take.
const MAX_PBKDF2_ROUNDS: u32 = 10_000_000;

/// Why bytes are no secret key.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
pub enum SecretKeyError {
    /// None of the known forms.
    #[error("neither a PKCS#8 PEM, an OpenSSH nor a raw Ed25519 secret key")]
    Form,
    /// A public key, where a secret one belongs.
    #[error("this is a public key: signing needs the secret one")]
    Public,
    /// Of another algorithm.
    #[error("not an Ed25519 key")]
    Algorithm,
    /// The public key beside the secret one belongs to another.
    #[error("the secret key and the public key in the file do not belong together")]
    Mismatch,
    /// Encrypted, and no passphrase is given.
    #[error("the key is encrypted, and no passphrase is given")]
    Encrypted,
    /// Encrypted, and not with this passphrase.
    #[error("the passphrase is wrong")]
    Passphrase,
    /// Encrypted in OpenSSH's own way.
    #[error("encrypted OpenSSH keys can't be read: `ssh-keygen -p -N ''` on a copy takes the passphrase off")]
    OpenSshEncrypted,
    /// The file asks for too much work.
    #[error("unlocking the key would take more memory or time than allowed")]
    TooCostly,
    /// The system gave no random bytes, or the key can't be written.
    #[error("the key can't be encrypted")]
    CannotEncrypt,
}

impl SecretKeyError {
    /// What the error is called.
    #[must_use]
    pub const fn code(&self) -> Code {
        match self {
            Self::Encrypted | Self::Passphrase => Code::KeyLocked,
            Self::Form | Self::Public | Self::Algorithm | Self::Mismatch | Self::OpenSshEncrypted | Self::TooCostly => {
                Code::KeyUnusable
            }
            Self::CannotEncrypt => Code::HostEngine,
        }
    }
}

impl<R: Role> SecretKey<R> {
    /// Reads a key from the contents of a file: PKCS#8 in PEM, of either version, plain or encrypted; an unencrypted
    /// OpenSSH key; wasmsign2's 65 bytes.
    ///
    /// # Errors
    /// See [`SecretKeyError`].
    pub fn read(contents: &[u8], passphrase: Option<&[u8]>) -> Result<Self, SecretKeyError> {
        seed(contents, passphrase).map(|seed| Self::from_seed(&seed))
    }

    /// The key as PKCS#8 version 1 in PEM, which OpenSSL of every version reads; encrypted, if there is a passphrase.
    ///
    /// # Errors
    /// The system gave no random bytes.
    pub fn to_pem(&self, passphrase: Option<&[u8]>) -> Result<Zeroizing<String>, SecretKeyError> {
        write(self.seed(), passphrase)
    }
}

fn seed(contents: &[u8], passphrase: Option<&[u8]>) -> Result<Zeroizing<[u8; 32]>, SecretKeyError> {
    if let [RAW_SECRET, keys @ ..] = contents
        && let Ok(keys) = <&[u8; 64]>::try_from(keys)
    {
        let (seed, public) = keys.split_at(32);
        return checked(seed, Some(public));
    }
    if PublicKey::read(contents).is_ok() {
        return Err(SecretKeyError::Public);
    }
    let text = std::str::from_utf8(contents).map_err(|_| SecretKeyError::Form)?.trim_ascii();
    // OpenSSH wraps its lines at 70, which the strict reader of PEM does not take.
    if let Some(base64) = text.strip_prefix("-----BEGIN OPENSSH PRIVATE KEY-----") {
        return of_openssh(base64);
    }
    let (label, document) = SecretDocument::from_pem(text).map_err(|_| SecretKeyError::Form)?;
    match label {
        "PRIVATE KEY" => of_pkcs8(document.as_bytes()),
        "ENCRYPTED PRIVATE KEY" => {
            of_pkcs8(unlock(document.as_bytes(), passphrase.ok_or(SecretKeyError::Encrypted)?)?.as_bytes())
        }
        _ => Err(SecretKeyError::Form),
    }
}

fn of_openssh(text: &str) -> Result<Zeroizing<[u8; 32]>, SecretKeyError> {
    use base64ct::{Base64, Encoding as _};
    let base64 = text.strip_suffix("-----END OPENSSH PRIVATE KEY-----").ok_or(SecretKeyError::Form)?;
    let mut one_line = Zeroizing::new(String::with_capacity(base64.len()));
    base64.split_ascii_whitespace().for_each(|line| one_line.push_str(line));
    let bytes = Zeroizing::new(Base64::decode_vec(&one_line).map_err(|_| SecretKeyError::Form)?);
    openssh::secret(&bytes)
}

fn of_pkcs8(der: &[u8]) -> Result<Zeroizing<[u8; 32]>, SecretKeyError> {
    let info = PrivateKeyInfoRef::try_from(der).map_err(|_| SecretKeyError::Form)?;
    if info.algorithm.oid != ED25519 || info.algorithm.parameters.is_some() {
        return Err(SecretKeyError::Algorithm);
    }
    // RFC 8410: an octet string within the octet string.
    let [0x04, 0x20, seed @ ..] = info.private_key.as_bytes() else { return Err(SecretKeyError::Form) };
    let public = info.public_key.map(|public| public.as_bytes().ok_or(SecretKeyError::Form)).transpose()?;
    checked(seed, public)
}

/// The seed, if the public key beside it is its own.
fn checked(seed: &[u8], public: Option<&[u8]>) -> Result<Zeroizing<[u8; 32]>, SecretKeyError> {
    let seed = Zeroizing::new(<[u8; 32]>::try_from(seed).map_err(|_| SecretKeyError::Form)?);
    match public {
        Some(public) if public != SigningKey::from_bytes(&seed).verifying_key().as_bytes() => {
            Err(SecretKeyError::Mismatch)
        }
        _ => Ok(seed),
    }
}

fn unlock(der: &[u8], passphrase: &[u8]) -> Result<SecretDocument, SecretKeyError> {
    let info = EncryptedPrivateKeyInfoRef::try_from(der).map_err(|_| SecretKeyError::Form)?;
    let EncryptionScheme::Pbes2(parameters) = &info.encryption_algorithm else { return Err(SecretKeyError::Form) };
    bounded(parameters)?;
    info.decrypt(passphrase).map_err(|_| SecretKeyError::Passphrase)
}

fn bounded(parameters: &Parameters) -> Result<(), SecretKeyError> {
    let affordable = match &parameters.kdf {
        Kdf::Scrypt(scrypt) => {
            let lanes = u64::from(scrypt.block_size).saturating_mul(scrypt.parallelization.into());
            let bytes = scrypt.cost_parameter.saturating_mul(128).saturating_mul(lanes);
            bytes <= MAX_SCRYPT_BYTES
        }
        Kdf::Pbkdf2(pbkdf2) => pbkdf2.iteration_count <= MAX_PBKDF2_ROUNDS,
        _ => false,
    };
    if affordable { Ok(()) } else { Err(SecretKeyError::TooCostly) }
}

fn write(seed: &[u8; 32], passphrase: Option<&[u8]>) -> Result<Zeroizing<String>, SecretKeyError> {
    let mut inner = Zeroizing::new([0; 34]);
    inner[..2].copy_from_slice(&[0x04, 0x20]);
    inner[2..].copy_from_slice(seed);
    let pem = || -> der::Result<Zeroizing<String>> {
        let algorithm = AlgorithmIdentifierRef { oid: ED25519, parameters: None };
        let info = PrivateKeyInfoRef::new(algorithm, OctetStringRef::new(inner.as_ref())?);
        let Some(passphrase) = passphrase else {
            return SecretDocument::encode_msg(&info)?.to_pem("PRIVATE KEY", LineEnding::LF);
        };
        // scrypt and AES-256-CBC, which OpenSSL 3 reads.
        let encrypted = info.encrypt(passphrase).map_err(|_| der::Error::from(der::ErrorKind::Failed))?;
        encrypted.to_pem("ENCRYPTED PRIVATE KEY", LineEnding::LF)
    };
    pem().map_err(|_| SecretKeyError::CannotEncrypt)
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::super::PublisherKey;
    use super::*;

    /// Version 1 of the seed of 32 bytes 0x07, as OpenSSL writes it.
    const V1: &str = "-----BEGIN PRIVATE KEY-----\nMC4CAQAwBQYDK2VwBCIEIAcHBwcHBwcHBwcHBwcHBwcHBwcHBwcHBwcHBwcHBwcH\n-----END PRIVATE KEY-----\n";

    fn key() -> PublisherKey {
        PublisherKey::from_seed(&[7; 32])
    }

    fn read(contents: &[u8], passphrase: Option<&[u8]>) -> Result<[u8; 32], SecretKeyError> {
        PublisherKey::read(contents, passphrase).map(|key| *key.seed())
    }

    fn pem(der: &[u8]) -> String {
        use base64ct::{Base64, Encoding as _};
        let base64 = Base64::encode_string(der);
        let lines: Vec<_> = base64.as_bytes().chunks(64).map(String::from_utf8_lossy).collect();
        format!("-----BEGIN PRIVATE KEY-----\n{}\n-----END PRIVATE KEY-----\n", lines.join("\n"))
    }

    /// Version 2, with the public key, as ed25519-dalek writes it.
    fn v2(public: &[u8; 32]) -> String {
        let seed = [&[0x30, 0x51, 2, 1, 1, 0x30, 5, 6, 3, 0x2b, 0x65, 0x70, 4, 0x22, 4, 0x20][..], &[7; 32]].concat();
        pem(&[&seed[..], &[0x81, 0x21, 0], public].concat())
    }

    #[test]
    fn keys_are_written_as_version_1_and_both_versions_are_read() {
        assert_eq!(key().to_pem(None).expect("written").as_str(), V1);
        assert_eq!(read(V1.as_bytes(), None), Ok([7; 32]));
        assert_eq!(read(v2(key().public().as_bytes()).as_bytes(), None), Ok([7; 32]));
        let raw = [&[0x81][..], &[7; 32], key().public().as_bytes()].concat();
        assert_eq!(read(&raw, None), Ok([7; 32]));
    }

    #[test]
    fn v8_a_public_key_beside_the_secret_one_must_be_its_own() {
        let other = PublisherKey::from_seed(&[8; 32]).public();
        assert_eq!(read(v2(other.as_bytes()).as_bytes(), None), Err(SecretKeyError::Mismatch));
        let raw = [&[0x81][..], &[7; 32], other.as_bytes()].concat();
        assert_eq!(read(&raw, None), Err(SecretKeyError::Mismatch));
    }

    #[test]
    fn an_encrypted_key_needs_its_passphrase() {
        let locked = key().to_pem(Some(b"correct horse")).expect("written");
        assert!(locked.starts_with("-----BEGIN ENCRYPTED PRIVATE KEY-----"));
        assert_ne!(locked, key().to_pem(Some(b"correct horse")).expect("written"), "another salt");
        assert_eq!(read(locked.as_bytes(), Some(b"correct horse")), Ok([7; 32]));
        assert_eq!(read(locked.as_bytes(), Some(b"wrong horse")), Err(SecretKeyError::Passphrase));
        assert_eq!(read(locked.as_bytes(), None), Err(SecretKeyError::Encrypted));
    }

    #[test]
    fn a_file_cannot_ask_for_more_work_than_allowed() {
        use pkcs8::pkcs5::pbes2::{Pbkdf2Params, ScryptParams};
        let locked = key().to_pem(Some(b"x")).expect("written");
        let (_, document) = SecretDocument::from_pem(&locked).expect("PEM");
        let info = EncryptedPrivateKeyInfoRef::try_from(document.as_bytes()).expect("encrypted");
        let EncryptionScheme::Pbes2(parameters) = info.encryption_algorithm else { panic!("PBES2") };
        let Kdf::Scrypt(scrypt) = parameters.kdf.clone() else { panic!("scrypt") };
        let with = |kdf| bounded(&Parameters { kdf, ..parameters.clone() });
        assert_eq!(with(Kdf::Scrypt(scrypt)), Ok(()));
        for dear in [
            ScryptParams { cost_parameter: 1 << 40, ..scrypt },
            ScryptParams { block_size: u16::MAX, ..scrypt },
            ScryptParams { parallelization: u16::MAX, ..scrypt },
        ] {
            assert_eq!(with(Kdf::Scrypt(dear)), Err(SecretKeyError::TooCostly));
        }
        let rounds = Pbkdf2Params::hmac_sha256(MAX_PBKDF2_ROUNDS + 1, &[1; 16]).expect("parameters");
        assert_eq!(with(Kdf::Pbkdf2(rounds)), Err(SecretKeyError::TooCostly));
    }

    /// An OpenSSH key file of the seed of 32 bytes 0x07, put together by hand.
    fn openssh(cipher: &str, public: &[u8; 32], padding: &[u8]) -> String {
        use base64ct::{Base64, Encoding as _};
        let string = |bytes: &[u8]| [&(bytes.len() as u32).to_be_bytes(), bytes].concat();
        let blob = [string(b"ssh-ed25519"), string(public)].concat();
        let secret = [&[7; 32], public.as_slice()].concat();
        let section = [&[1, 2, 3, 4, 1, 2, 3, 4], &blob[..], &string(&secret), &string(b"example"), padding].concat();
        let head = [b"openssh-key-v1\0", &string(cipher.as_bytes())[..], &string(b"none"), &string(b"")].concat();
        let all = [&head[..], &1u32.to_be_bytes(), &string(&blob), &string(&section)].concat();
        let base64 = Base64::encode_string(&all);
        let lines: Vec<_> = base64.as_bytes().chunks(70).map(String::from_utf8_lossy).collect();
        format!("-----BEGIN OPENSSH PRIVATE KEY-----\n{}\n-----END OPENSSH PRIVATE KEY-----\n", lines.join("\n"))
    }

    fn good_openssh() -> String {
        openssh("none", key().public().as_bytes(), &[1, 2])
    }

    #[test]
    fn openssh_keys_are_read_unless_they_are_encrypted() {
        let mine = key().public();
        assert_eq!(read(good_openssh().as_bytes(), None), Ok([7; 32]));
        let locked = openssh("aes256-ctr", mine.as_bytes(), &[]);
        assert_eq!(read(locked.as_bytes(), Some(b"x")), Err(SecretKeyError::OpenSshEncrypted));
        let other = PublisherKey::from_seed(&[8; 32]).public();
        let mixed = openssh("none", other.as_bytes(), &[1, 2]);
        assert_eq!(read(mixed.as_bytes(), None), Err(SecretKeyError::Mismatch));
        for padding in [&[2, 1][..], &[0], &[1, 2, 3, 4, 5, 6, 7, 8]] {
            let padded = openssh("none", mine.as_bytes(), padding);
            assert_eq!(read(padded.as_bytes(), None), Err(SecretKeyError::Form), "{padding:?}");
        }
    }

    #[test]
    fn other_files_are_no_secret_keys() {
        let x25519 = V1.replace("K2VwBC", "K2VuBC");
        assert_eq!(read(x25519.as_bytes(), None), Err(SecretKeyError::Algorithm));
        for form in [super::super::PublicKeyForm::Spki, super::super::PublicKeyForm::Raw] {
            assert_eq!(read(&key().public().write(form, ""), None), Err(SecretKeyError::Public));
        }
        let cut = V1.replace("HBwcH\n-----END", "HBwc=\n-----END");
        for bad in
            ["", "x", &cut, &V1[..60], &V1.replace("PRIVATE", "EC PRIVATE"), &good_openssh().replace("b3Bl", "b3Bm")]
        {
            assert!(matches!(read(bad.as_bytes(), None), Err(SecretKeyError::Form)), "{bad}");
        }
    }

    proptest! {
        #[test]
        fn no_bytes_make_the_reader_of_secret_keys_panic(bytes: Vec<u8>, at in 0..300usize, with: u8) {
            let _ = read(&bytes, Some(b""));
            let _ = read(&[&[0x30, 0x2e][..], &bytes].concat(), None);
            let _ = read(pem(&bytes).as_bytes(), None);
            let mut changed = good_openssh().into_bytes();
            changed[at] = with;
            let _ = read(&changed, None);
            let _ = openssh::secret(&[b"openssh-key-v1\0", &bytes[..]].concat());
        }
    }
}
