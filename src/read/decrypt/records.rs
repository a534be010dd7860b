//! The workbook stream of an .xls ([MS-XLS] 2.2.10): the data of records are encrypted, their kinds and lengths
//! are not.

use std::borrow::Cow;

use rc4::{KeyInit, Rc4, StreamCipher};

use super::super::Unreadable;
use super::super::xls::{Record, Records, double_word, kind, word};
use super::hash::Hash;
use super::{PASSWORD, utf_16};

/// Bytes that are encrypted with one key; they are counted through the whole stream.
const BLOCK: usize = 1024;

/// The stream without its encryption, if it has any.
pub(in super::super) fn stream(stream: Cow<'_, [u8]>) -> Result<Cow<'_, [u8]>, Unreadable> {
    let mut records = Records::new(&stream, 0);
    let file_pass = loop {
        match records.next() {
            Some(record) if record.kind == kind::FILE_PASS => break record.data,
            Some(record) if record.kind != kind::EOF => {}
            _ => return Ok(stream),
        }
    };
    let mut cipher = Cipher::of(file_pass, PASSWORD).ok_or(Unreadable::PasswordProtected)?;
    let mut stream = stream.into_owned();
    let mut at = 0;
    while let Some(Record { kind, data }) = Records::new(&stream, at).next() {
        let start = at + 4;
        at = start + data.len();
        let clear = match kind {
            kind::BOF
            | kind::FILE_PASS
            | kind::INTERFACE
            | kind::REVISION_HEAD
            | kind::USER_EXCLUSIVE
            | kind::FILE_LOCK
            | kind::REVISION_INFO => continue,
            // Where the sheet begins.
            kind::BOUND_SHEET => 4,
            _ => 0,
        };
        cipher.decrypt(&mut stream[start..at], start, clear);
    }
    Ok(stream.into())
}

/// What a stream is encrypted with.
enum Cipher {
    /// [MS-OFFCRYPTO] 2.3.7
    Xor([u8; 16]),
    /// [MS-OFFCRYPTO] 2.3.5 and 2.3.6
    Rc4(Box<Blocks>),
}

impl Cipher {
    /// By the record that tells of it; `None` where the password is another one, or the way an unknown one.
    fn of(file_pass: &[u8], password: &str) -> Option<Self> {
        // Before Excel 97 there was one way, and no need to name it.
        if file_pass.len() == 4 {
            return xor(file_pass, password);
        }
        let (way, info) = (word(file_pass, 0)?, file_pass.get(2..)?);
        match (way, word(info, 0), word(info, 2)) {
            (0, ..) => xor(info, password),
            (1, Some(1), Some(1)) => rc4_40_bit(info.get(4..)?, password),
            (1, Some(2..=4), Some(2)) => rc4_crypto_api(info.get(4..)?, password),
            _ => None,
        }
    }

    /// Decrypts the data of a record, which stand from `start` on in the stream and begin with some that are `clear`.
    fn decrypt(&mut self, data: &mut [u8], start: usize, clear: usize) {
        match self {
            // Its length is counted to where a byte stands (2.3.7.3).
            Self::Xor(key) => {
                let first = start + data.len();
                for (idx, byte) in data.iter_mut().enumerate().skip(clear) {
                    *byte = byte.rotate_left(3) ^ key[(first + idx) % 16];
                }
            }
            Self::Rc4(blocks) => {
                if let Some(data) = data.get_mut(clear..) {
                    blocks.decrypt(data, start + clear);
                }
            }
        }
    }
}

/// Obfuscation ([MS-OFFCRYPTO] 2.3.7.1 to 2.3.7.3): a key and a verifier of 16 bits each.
fn xor(info: &[u8], password: &str) -> Option<Cipher> {
    const PADDING: [u8; 15] = [
        0xBB, 0xFF, 0xFF, 0xBA, 0xFF, 0xFF, 0xB9, 0x80, 0x00, 0xBE, 0x0F, 0x00, 0xBF, 0x0F, 0x00,
    ];
    let password = password.as_bytes();
    let (key, verifier) = (xor_key(password), xor_verifier(password));
    if (word(info, 0)?, word(info, 2)?) != (key, verifier) {
        return None;
    }
    let mut characters = password.iter().chain(&PADDING);
    let mut bytes = [0; 16];
    for (idx, byte) in bytes.iter_mut().enumerate() {
        *byte = (characters.next()? ^ key.to_le_bytes()[idx % 2]).rotate_left(2);
    }
    Some(Cipher::Xor(bytes))
}

fn xor_key(password: &[u8]) -> u16 {
    fn step(number: u16) -> u16 {
        let number = number.rotate_left(1);
        if number & 1 == 1 {
            number ^ 0x1020
        } else {
            number
        }
    }
    let (mut key, mut base, mut end) = (0, 0x8000, 0xFFFF);
    for character in password.iter().rev() {
        for bit in 0..8 {
            (base, end) = (step(base), step(end));
            if (character & 0x7F) >> bit & 1 == 1 {
                key ^= base;
            }
        }
    }
    key ^ end
}

fn xor_verifier(password: &[u8]) -> u16 {
    let start = password.len() as u16 ^ 0xCE4B;
    password
        .iter()
        .enumerate()
        .fold(start, |verifier, (idx, &character)| {
            // Rotated in 15 bits.
            let wide = u32::from(character) << ((idx + 1) % 15);
            verifier ^ ((wide & 0x7FFF) | (wide >> 15)) as u16
        })
}

/// RC4 with keys of 40 bits ([MS-OFFCRYPTO] 2.3.6.1 to 2.3.6.4).
fn rc4_40_bit(info: &[u8], password: &str) -> Option<Cipher> {
    let (salt, info) = info.split_at_checked(16)?;
    let (verifier, info) = info.split_at_checked(16)?;
    let password = Hash::Md5.of(&[&utf_16(password)]);
    let start = Hash::Md5.of(&[&[&password[..5], salt].concat().repeat(16)]);
    let keys = Keys {
        hash: Hash::Md5,
        start: start[..5].to_vec(),
        length: 16,
    };
    keys.verified(verifier, info.get(..16)?)
}

/// RC4 as CryptoAPI does it ([MS-OFFCRYPTO] 2.3.5.1, 2.3.5.2, 2.3.5.6).
fn rc4_crypto_api(info: &[u8], password: &str) -> Option<Cipher> {
    const RC4: u32 = 0x6801;
    let header_length = double_word(info, 4)? as usize;
    let (header, verifier) = info.get(8..)?.split_at_checked(header_length)?;
    let algorithm = double_word(header, 8)?;
    if algorithm != RC4 && algorithm != 0 {
        return None;
    }
    let key_bits = match double_word(header, 16)? {
        0 => 40,
        bits @ 40..=128 if bits % 8 == 0 => bits as usize,
        _ => return None,
    };
    // The salt has its length before it, and the hash its own.
    let (salt, verifier) = verifier.get(4..)?.split_at_checked(16)?;
    let (verifier, hash) = verifier.split_at_checked(16)?;
    let keys = Keys {
        hash: Hash::Sha1,
        start: Hash::Sha1.of(&[salt, &utf_16(password)]),
        length: key_bits / 8,
    };
    keys.verified(verifier, hash.get(4..24)?)
}

/// How the keys of blocks are made.
struct Keys {
    hash: Hash,
    start: Vec<u8>,
    /// Bytes of a key.
    length: usize,
}

impl Keys {
    fn cipher(&self, block: u32) -> Option<Rc4> {
        let mut key = self.hash.of(&[&self.start, &block.to_le_bytes()]);
        key.truncate(self.length);
        // CryptoAPI keeps keys of 40 bits in 128.
        if self.length == 5 {
            key.resize(16, 0);
        }
        Rc4::new_from_slice(&key).ok()
    }

    /// `None` where the password is another one: `hash` is that of `verifier`, both encrypted.
    fn verified(self, verifier: &[u8], hash: &[u8]) -> Option<Cipher> {
        let mut cipher = self.cipher(0)?;
        let (mut verifier, mut hash) = (verifier.to_vec(), hash.to_vec());
        cipher.apply_keystream(&mut verifier);
        cipher.apply_keystream(&mut hash);
        if self.hash.of(&[&verifier]) != hash {
            return None;
        }
        Some(Cipher::Rc4(Box::new(Blocks {
            cipher: self.cipher(0)?,
            keys: self,
            at: 0,
        })))
    }
}

/// A stream of which each block has its own key.
struct Blocks {
    keys: Keys,
    /// Of the block of `at`.
    cipher: Rc4,
    /// How far the stream has been passed.
    at: usize,
}

impl Blocks {
    /// `at` never goes back.
    fn decrypt(&mut self, mut data: &mut [u8], at: usize) {
        self.pass(at);
        while !data.is_empty() {
            let here = data.len().min(BLOCK - self.at % BLOCK);
            let (first, rest) = std::mem::take(&mut data).split_at_mut(here);
            self.cipher.apply_keystream(first);
            self.moved(here);
            data = rest;
        }
    }

    fn pass(&mut self, at: usize) {
        while self.at < at {
            let here = (at - self.at).min(BLOCK - self.at % BLOCK);
            self.cipher.apply_keystream(&mut [0; BLOCK][..here]);
            self.moved(here);
        }
    }

    fn moved(&mut self, bytes: usize) {
        self.at += bytes;
        if self.at.is_multiple_of(BLOCK) {
            let next = self.keys.cipher((self.at / BLOCK) as u32);
            self.cipher = next.expect("keys of one length");
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    /// As they stand in files that Excel wrote.
    #[test]
    fn the_standard_password_has_its_key_and_its_verifier() {
        assert_eq!(xor_key(PASSWORD.as_bytes()), 0xB359);
        assert_eq!(xor_verifier(PASSWORD.as_bytes()), 0x9A0A);
    }
}
