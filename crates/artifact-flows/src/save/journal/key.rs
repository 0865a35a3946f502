//! What makes two saves the same, so that one can continue the other.

use artifact_core::ports::CreateArtifact;
use twox_hash::XxHash3_128;

/// Returns the name of the journal of saves in the registry at `location` with this request.
///
/// The run is left out: whoever was killed comes back as another run as a rule. All else counts, because what it says
/// takes effect when the version is created, which a continued save does not do again. It is hashed, so that nothing
/// of it can be read from the folder.
pub(super) fn file_name(location: &str, request: &CreateArtifact) -> String {
    let CreateArtifact {
        project,
        name,
        artifact_type,
        run: _,
        digest,
        algorithm,
        description,
        metadata,
        ttl,
        aliases,
        tags,
        distributed_id,
        is_incremental,
    } = request;
    let mut key = Key::default();
    key.text(location);
    key.text(&project.to_string());
    key.text(name.as_ref());
    key.text(artifact_type.as_ref());
    key.text(&digest.to_string());
    key.text(algorithm.as_str());
    key.texts(description.as_deref());
    let metadata = metadata.as_map().iter();
    key.texts(metadata.flat_map(|(name, value)| [name.clone(), value.to_string()]));
    key.text(&ttl.to_wire().to_string());
    key.texts(aliases);
    key.texts(tags);
    key.texts(distributed_id);
    key.texts(is_incremental.then_some("incremental"));
    format!("{:032x}", XxHash3_128::oneshot(&key.0))
}

/// Texts, each behind its length and lists behind theirs, so that no two sequences are the same bytes.
#[derive(Default)]
struct Key(Vec<u8>);

impl Key {
    fn text(&mut self, text: &str) {
        self.0.extend((text.len() as u64).to_le_bytes());
        self.0.extend(text.as_bytes());
    }

    fn texts(&mut self, texts: impl IntoIterator<Item = impl AsRef<str>>) {
        let start = self.0.len();
        self.0.extend([0; 8]);
        let mut count: u64 = 0;
        for text in texts {
            self.text(text.as_ref());
            count += 1;
        }
        self.0[start..start + 8].copy_from_slice(&count.to_le_bytes());
    }
}

#[cfg(test)]
mod tests {
    use artifact_core::{ArtifactDigest, DigestAlgorithm, Metadata, ProjectAddress, Ttl};

    use super::*;

    fn request() -> CreateArtifact {
        CreateArtifact {
            project: ProjectAddress {
                entity: "team".parse().unwrap(),
                project: "vision".parse().unwrap(),
            },
            name: "data".parse().unwrap(),
            artifact_type: "dataset".parse().unwrap(),
            run: None,
            digest: ArtifactDigest::from_bytes([1; 16]),
            algorithm: DigestAlgorithm::Md5,
            description: None,
            metadata: Metadata::default(),
            ttl: Ttl::Inherit,
            aliases: Vec::new(),
            tags: Vec::new(),
            distributed_id: None,
            is_incremental: false,
        }
    }

    #[test]
    fn every_wish_counts_and_the_run_does_not() {
        let plain = file_name("here", &request());
        let run = CreateArtifact {
            run: Some("abc".parse().unwrap()),
            ..request()
        };
        assert_eq!(file_name("here", &run), plain);
        let changes: [fn(&mut CreateArtifact); 12] = [
            |request| request.project.project = "other".parse().unwrap(),
            |request| request.name = "other".parse().unwrap(),
            |request| request.artifact_type = "model".parse().unwrap(),
            |request| request.digest = ArtifactDigest::from_bytes([2; 16]),
            |request| request.algorithm = DigestAlgorithm::Xxh128,
            |request| request.description = Some(String::new()),
            |request| {
                let mut map = request.metadata.as_map().clone();
                map.insert("a".to_owned(), 1.into());
                request.metadata = Metadata::try_from(map).unwrap();
            },
            |request| request.ttl = Ttl::Disabled,
            |request| request.aliases.push("best".parse().unwrap()),
            |request| request.tags.push("best".parse().unwrap()),
            |request| request.distributed_id = Some("best".to_owned()),
            |request| request.is_incremental = true,
        ];
        let mut names = vec![plain, file_name("there", &request())];
        for change in changes {
            let mut request = request();
            change(&mut request);
            names.push(file_name("here", &request));
        }
        let count = names.len();
        names.sort();
        names.dedup();
        assert_eq!(names.len(), count);
    }
}
