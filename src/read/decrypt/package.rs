//! Packages inside a file of streams (ECMA-376 with [MS-OFFCRYPTO] 2.3.4).

use aes::cipher::{BlockCipherDecrypt, KeyInit};
use aes::{Aes128, Aes192, Aes256};
use base64::Engine;
use base64::engine::general_purpose::STANDARD;

use super::super::Unreadable;
use super::super::ole2::Ole2;
use super::super::xls::{double_word, word};
use super::super::xml::{Event, Tag, Xml};
use super::hash::Hash;
use super::{PASSWORD, utf_16};

/// Bytes of a package that are encrypted by themselves (2.3.4.15).
const SEGMENT: usize = 4096;

/// The package in an encrypted file.
pub(in super::super) fn package(file: &Ole2) -> Result<Vec<u8>, Unreadable> {
    let info = file.stream("EncryptionInfo")?.unwrap_or_default();
    let Some(encryption) = Encryption::of(&info, PASSWORD) else {
        return Err(Unreadable::PasswordProtected);
    };
    let cut = || match file.is_cut() {
        true => Unreadable::truncated("the encrypted package"),
        false => Unreadable::damaged("the encrypted package is shorter than it says"),
    };
    let mut package = file.stream("EncryptedPackage")?.unwrap_or_default();
    let (size, data) = package.split_first_chunk_mut().ok_or_else(cut)?;
    let size = u64::from_le_bytes(*size);
    if size > data.len() as u64 {
        return Err(cut());
    }
    encryption.decrypt(data);
    package.drain(..8);
    package.truncate(size as usize);
    Ok(package)
}

/// How a package is encrypted, with its key.
struct Encryption {
    aes: Aes,
    /// Chained within segments whose first blocks are made of a salt; without, each block stands by itself.
    chained: Option<(Hash, Vec<u8>)>,
}

impl Encryption {
    /// By the stream that tells of it; `None` where the password is another one, or the way an unknown one.
    fn of(info: &[u8], password: &str) -> Option<Self> {
        let text = info.get(8..)?;
        match (word(info, 0)?, word(info, 2)?) {
            (4, 4) => Agile::read(std::str::from_utf8(text).ok()?)?.encryption(password),
            (2..=4, 2) => standard(text, password),
            _ => None,
        }
    }

    fn decrypt(&self, data: &mut [u8]) {
        let Some((hash, salt)) = &self.chained else {
            for block in data.as_chunks_mut().0 {
                self.aes.decrypt(block);
            }
            return;
        };
        for (idx, segment) in data.chunks_mut(SEGMENT).enumerate() {
            let start = hash.of(&[salt, &(idx as u32).to_le_bytes()]);
            self.aes.decrypt_chained(segment, &block_of(&start));
        }
    }
}

/// The way of Office 2007 ([MS-OFFCRYPTO] 2.3.4.5 to 2.3.4.9); `info` is what follows the version.
fn standard(info: &[u8], password: &str) -> Option<Encryption> {
    const ROUNDS: u32 = 50_000;
    let header_length = double_word(info, 0)? as usize;
    let (header, verifier) = info.get(4..)?.split_at_checked(header_length)?;
    let key_length = double_word(header, 16)? as usize / 8;
    // The salt has its length before it, and the hash its own.
    let (salt, verifier) = verifier.get(4..)?.split_at_checked(16)?;
    let (verifier, hash) = verifier.split_at_checked(16)?;
    let hash = hash.get(4..36)?;

    let hashed = Hash::Sha1.of(&[salt, &utf_16(password)]);
    let hashed = Hash::Sha1.repeated(hashed, ROUNDS)?;
    let hashed = Hash::Sha1.of(&[&hashed, &[0; 4]]);
    // As CryptoAPI makes keys (2.3.4.7).
    let mut key = Vec::new();
    for pad in [0x36, 0x5C] {
        let mut padded = [pad; 64];
        for (byte, of_hash) in padded.iter_mut().zip(&hashed) {
            *byte ^= of_hash;
        }
        key.extend(Hash::Sha1.of(&[&padded]));
    }
    let encryption = Encryption {
        aes: Aes::new(key.get(..key_length)?)?,
        chained: None,
    };
    let (mut verifier, mut hash) = (verifier.to_vec(), hash.to_vec());
    encryption.decrypt(&mut verifier);
    encryption.decrypt(&mut hash);
    (Hash::Sha1.of(&[&verifier]) == hash[..20]).then_some(encryption)
}

/// The way of Office 2010 and later ([MS-OFFCRYPTO] 2.3.4.10 to 2.3.4.15).
struct Agile {
    data: KeyInfo,
    password: KeyInfo,
    rounds: u32,
    verifier: Vec<u8>,
    verifier_hash: Vec<u8>,
    /// Of the data, encrypted with that of the password.
    key: Vec<u8>,
}

/// What a key is made with.
struct KeyInfo {
    hash: Hash,
    salt: Vec<u8>,
    /// Bytes of the key.
    length: usize,
}

impl Agile {
    fn read(text: &str) -> Option<Self> {
        let mut xml = Xml::new(text);
        let mut data = None;
        loop {
            match xml.next().ok()? {
                Event::Start(tag) if tag.name == "keyData" => data = Some(KeyInfo::read(tag)?),
                // There may be others, for certificates.
                Event::Start(tag)
                    if tag.name == "encryptedKey" && tag.raw("spinCount").is_some() =>
                {
                    return Some(Self {
                        data: data?,
                        password: KeyInfo::read(tag)?,
                        rounds: tag.raw("spinCount")?.parse().ok()?,
                        verifier: bytes(tag, "encryptedVerifierHashInput")?,
                        verifier_hash: bytes(tag, "encryptedVerifierHashValue")?,
                        key: bytes(tag, "encryptedKeyValue")?,
                    });
                }
                Event::Eof => return None,
                _ => {}
            }
        }
    }

    fn encryption(&self, password: &str) -> Option<Encryption> {
        // What each key is for (2.3.4.13).
        const VERIFIER: [u8; 8] = [0xFE, 0xA7, 0xD2, 0x76, 0x3B, 0x4B, 0x9E, 0x79];
        const VERIFIER_HASH: [u8; 8] = [0xD7, 0xAA, 0x0F, 0x6D, 0x30, 0x61, 0x34, 0x4E];
        const KEY: [u8; 8] = [0x14, 0x6E, 0x0B, 0xE7, 0xAB, 0xAC, 0xD0, 0xD6];
        let KeyInfo { hash, salt, length } = &self.password;
        let hashed = hash.of(&[salt, &utf_16(password)]);
        let hashed = hash.repeated(hashed, self.rounds)?;
        let decrypted = |purpose: [u8; 8], encrypted: &[u8]| {
            let key = padded(hash.of(&[&hashed, &purpose]), *length);
            let mut plain = encrypted.to_vec();
            Aes::new(&key)?.decrypt_chained(&mut plain, &block_of(salt));
            Some(plain)
        };
        let verifier = decrypted(VERIFIER, &self.verifier)?;
        let verifier_hash = decrypted(VERIFIER_HASH, &self.verifier_hash)?;
        if !verifier_hash.starts_with(&hash.of(&[&verifier])) {
            return None;
        }
        let key = decrypted(KEY, &self.key)?;
        Some(Encryption {
            aes: Aes::new(key.get(..self.data.length)?)?,
            chained: Some((self.data.hash, self.data.salt.clone())),
        })
    }
}

impl KeyInfo {
    fn read(tag: Tag) -> Option<Self> {
        let is = |name, value: &str| tag.raw(name).is_none_or(|found| found == value);
        if !is("cipherAlgorithm", "AES") || !is("cipherChaining", "ChainingModeCBC") {
            return None;
        }
        let bits: usize = tag.raw("keyBits")?.parse().ok()?;
        Some(Self {
            hash: Hash::by_name(tag.raw("hashAlgorithm")?)?,
            salt: bytes(tag, "saltValue")?,
            length: bits / 8,
        })
    }
}

/// An attribute in Base64.
fn bytes(tag: Tag, name: &str) -> Option<Vec<u8>> {
    STANDARD.decode(tag.raw(name)?).ok()
}

/// A hash cut or filled up to the length of a key (2.3.4.11).
fn padded(mut hash: Vec<u8>, length: usize) -> Vec<u8> {
    hash.resize(length.min(64), 0x36);
    hash
}

fn block_of(hash: &[u8]) -> [u8; 16] {
    let mut block = [0x36; 16];
    for (byte, of_hash) in block.iter_mut().zip(hash) {
        *byte = *of_hash;
    }
    block
}

enum Aes {
    Of128(Box<Aes128>),
    Of192(Box<Aes192>),
    Of256(Box<Aes256>),
}

impl Aes {
    fn new(key: &[u8]) -> Option<Self> {
        Some(match key.len() {
            16 => Self::Of128(Box::new(Aes128::new_from_slice(key).ok()?)),
            24 => Self::Of192(Box::new(Aes192::new_from_slice(key).ok()?)),
            32 => Self::Of256(Box::new(Aes256::new_from_slice(key).ok()?)),
            _ => return None,
        })
    }

    fn decrypt(&self, block: &mut [u8; 16]) {
        let block = block.into();
        match self {
            Self::Of128(aes) => aes.decrypt_block(block),
            Self::Of192(aes) => aes.decrypt_block(block),
            Self::Of256(aes) => aes.decrypt_block(block),
        }
    }

    /// Each block is mixed with the one before it, as it was (CBC); what is no whole block stays as it is.
    fn decrypt_chained(&self, data: &mut [u8], start: &[u8; 16]) {
        let mut before = *start;
        for block in data.as_chunks_mut().0 {
            let encrypted = *block;
            self.decrypt(block);
            for (byte, of_before) in block.iter_mut().zip(before) {
                *byte ^= of_before;
            }
            before = encrypted;
        }
    }
}
