//! The hashes that encrypted files name.

use md5::{Digest, Md5};
use sha1::Sha1;
use sha2::{Sha256, Sha384, Sha512};

/// Office writes 100,000 rounds; files may name up to 10,000,000 ([MS-OFFCRYPTO] 2.3.4.10), which would take
/// minutes where many of them lie.
const MAX_ROUNDS: u32 = 1_000_000;

/// A kind of hash.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Hash {
    Md5,
    Sha1,
    Sha256,
    Sha384,
    Sha512,
}

impl Hash {
    /// By its name in the description of an encrypted package.
    pub(super) fn by_name(name: &str) -> Option<Self> {
        Some(match name.replace('-', "").to_ascii_uppercase().as_str() {
            "MD5" => Self::Md5,
            "SHA1" => Self::Sha1,
            "SHA256" => Self::Sha256,
            "SHA384" => Self::Sha384,
            "SHA512" => Self::Sha512,
            _ => return None,
        })
    }

    /// The hash of some pieces, one behind the other.
    pub(super) fn of(self, pieces: &[&[u8]]) -> Vec<u8> {
        match self {
            Self::Md5 => hash::<Md5>(pieces),
            Self::Sha1 => hash::<Sha1>(pieces),
            Self::Sha256 => hash::<Sha256>(pieces),
            Self::Sha384 => hash::<Sha384>(pieces),
            Self::Sha512 => hash::<Sha512>(pieces),
        }
    }

    /// A hash that is hashed again and again behind the number of the round; `None` where that are too many.
    pub(super) fn repeated(self, first: Vec<u8>, rounds: u32) -> Option<Vec<u8>> {
        if rounds > MAX_ROUNDS {
            return None;
        }
        let round = match self {
            Self::Md5 => hash_again::<Md5>,
            Self::Sha1 => hash_again::<Sha1>,
            Self::Sha256 => hash_again::<Sha256>,
            Self::Sha384 => hash_again::<Sha384>,
            Self::Sha512 => hash_again::<Sha512>,
        };
        Some((0..rounds).fold(first, round))
    }
}

fn hash<D: Digest>(pieces: &[&[u8]]) -> Vec<u8> {
    let mut hash = D::new();
    for piece in pieces {
        hash.update(piece);
    }
    hash.finalize().to_vec()
}

fn hash_again<D: Digest>(mut before: Vec<u8>, round: u32) -> Vec<u8> {
    let hash = D::new().chain_update(round.to_le_bytes());
    let hash = hash.chain_update(&before).finalize();
    before.clear();
    before.extend_from_slice(&hash);
    before
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn more_rounds_than_any_program_writes_are_refused() {
        let first = Hash::Md5.of(&[b"a"]);
        for rounds in [MAX_ROUNDS + 1, 999_100_000, u32::MAX] {
            assert_eq!(Hash::Md5.repeated(first.clone(), rounds), None, "{rounds}");
        }
    }

    /// What hashlib of Python makes of it.
    #[test]
    fn each_round_hashes_its_number_and_the_hash_before() {
        let first = Hash::Md5.of(&[b"a"]);
        let hash = Hash::Md5.repeated(first, 3).expect("they are few");
        let shown: String = hash.iter().map(|byte| format!("{byte:02x}")).collect();
        assert_eq!(shown, "7c06c6581505f449705a3ac32dd7c87d");
    }
}
