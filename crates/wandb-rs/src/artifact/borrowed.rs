//! Entries of logged versions in an artifact: references where that goes to the same registry, copies elsewhere.

use std::collections::{BTreeMap, HashMap};

use artifact_core::{AddReference, EntryUri, LogicalPath};

use super::Artifact;
use crate::table::Version;
use crate::{Client, Error};

/// An entry of a logged version, and the reference to it.
#[derive(Debug)]
pub(super) struct Borrowed {
    version: Version,
    path: LogicalPath,
    reference: AddReference,
}

impl Artifact {
    /// Adds references to entries of a version: at the second path to what the version has at the first.
    pub(crate) fn borrow(
        &mut self,
        version: &Version,
        entries: impl IntoIterator<Item = (LogicalPath, LogicalPath)>,
    ) -> Result<(), Error> {
        let id = &version.artifact().record().id.0;
        let before = self.borrowed.len();
        for (path, name) in entries {
            let uri = EntryUri::new(id, path.clone())?.to_string().parse()?;
            let reference = AddReference {
                name: Some(name),
                ..AddReference::new(uri)
            };
            self.borrowed.push(Borrowed {
                version: version.clone(),
                path,
                reference,
            });
        }
        let new = self.borrowed[before..].iter();
        self.draft
            .add_references(new.map(|borrowed| borrowed.reference.clone()));
        Ok(())
    }

    /// Fetches the entries that it refers to in other registries than that of `client`, where its references would dangle. What
    /// these versions refer to outside of their registry stays a reference.
    ///
    /// # Errors
    /// [`Error::Flow`] when content cannot be fetched.
    pub(crate) async fn bring_borrowed(&mut self, client: &Client) -> Result<(), Error> {
        let here = client.location();
        let borrowed = std::mem::take(&mut self.borrowed).into_iter();
        let elsewhere =
            borrowed.filter(|borrowed| borrowed.version.artifact().client().location() != here);
        let mut elsewhere: HashMap<AddReference, Borrowed> = elsewhere
            .map(|borrowed| (borrowed.reference.clone(), borrowed))
            .collect();
        if elsewhere.is_empty() {
            return Ok(());
        }
        let mut stored: BTreeMap<_, (Version, Vec<LogicalPath>, Vec<LogicalPath>)> =
            BTreeMap::new();
        // What was removed again is not among them.
        let references = self
            .draft
            .take_references(|reference| elsewhere.contains_key(reference));
        for reference in references {
            let Some(Borrowed { version, path, .. }) = elsewhere.remove(&reference) else {
                continue;
            };
            let entry = version.manifest().get(&path);
            match entry.and_then(|entry| entry.reference.clone()) {
                Some(uri) if !uri.is_of_artifact() => {
                    self.draft.add_reference(AddReference { uri, ..reference });
                }
                _ => {
                    let artifact = version.artifact();
                    let key = (artifact.client().location(), artifact.record().id.0.clone());
                    let of_version = stored.entry(key);
                    let (_, paths, names) =
                        of_version.or_insert_with(|| (version, Vec::new(), Vec::new()));
                    paths.push(path);
                    names.extend(reference.name);
                }
            }
        }
        for (version, paths, names) in stored.into_values() {
            let (folder, files) = version.fetch(&paths).await?;
            self.add_files_of(&folder, names.into_iter().zip(files))?;
        }
        Ok(())
    }
}
