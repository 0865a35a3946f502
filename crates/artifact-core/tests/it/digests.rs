//! Digests and keys as text.

use artifact_core::{ArtifactDigest, ContentDigest, ContentKey, DigestAlgorithm, EntryDigest};
use proptest::prelude::*;
use serde_json::json;

use crate::hostile;

const ALGORITHMS: [DigestAlgorithm; 2] = [DigestAlgorithm::Md5, DigestAlgorithm::Xxh128];

proptest! {
    #[test]
    fn every_digest_of_an_artifact_comes_out_as_it_went_in(bytes in any::<[u8; 16]>()) {
        let digest = ArtifactDigest::from_bytes(bytes);
        let text = digest.to_string();
        prop_assert_eq!(digest.as_bytes(), &bytes);
        prop_assert!(text.len() == 32 && text.bytes().all(|b| matches!(b, b'0'..=b'9' | b'a'..=b'f')));
        prop_assert_eq!(text.parse(), Ok(digest));
        prop_assert_eq!(serde_json::from_value::<ArtifactDigest>(json!(text)).unwrap(), digest);
        prop_assert!(text.to_uppercase() == text || text.to_uppercase().parse::<ArtifactDigest>().is_err());
    }

    #[test]
    fn every_key_of_content_comes_out_as_it_went_in(bytes in any::<[u8; 32]>()) {
        let key = ContentKey::from_bytes(bytes);
        prop_assert_eq!(key.to_string().parse(), Ok(key));
    }

    #[test]
    fn every_digest_of_content_comes_out_as_it_went_in(bytes in any::<[u8; 16]>()) {
        for algorithm in ALGORITHMS {
            let digest = ContentDigest::new(algorithm, bytes);
            prop_assert_eq!((digest.algorithm(), digest.bytes()), (algorithm, &bytes));
            prop_assert_eq!(ContentDigest::from_base64(algorithm, &digest.to_string()), Ok(digest));
            prop_assert_eq!(EntryDigest::from(digest).to_string(), digest.to_string());
        }
    }

    #[test]
    fn a_digest_has_one_spelling(text in prop_oneof![hostile::text(), "[0-9a-fA-F]{31,33}", "[A-Za-z0-9+/]{21,22}(==|=|)"]) {
        if let Ok(digest) = text.parse::<ArtifactDigest>() {
            prop_assert_eq!(digest.to_string(), text.as_str());
        }
        if let Ok(digest) = ContentDigest::from_base64(DigestAlgorithm::Md5, &text) {
            prop_assert_eq!(digest.to_string(), text);
        }
    }
}

#[test]
fn algorithms_are_called_as_the_manifest_calls_them() {
    for algorithm in ALGORITHMS {
        assert_eq!(algorithm.to_string().parse(), Ok(algorithm));
    }
    assert!("md5".parse::<DigestAlgorithm>().is_err());
    assert!("SHA1".parse::<DigestAlgorithm>().is_err());
}
