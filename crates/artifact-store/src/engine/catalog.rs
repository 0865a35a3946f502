//! The engine as an artifact catalog.

use std::path::PathBuf;
use std::sync::Arc;

use artifact_core::ports::{
    AliasedDeletion, ArtifactCatalog, ArtifactRecord, CollectionDetails, CollectionEdits,
    FileSelection, ListRequest, Page, PageRequest, RegistryError, RunFileRecord, RunRelation,
};
use artifact_core::records::{
    ArtifactId, Collection, CollectionChanges, CollectionKind, Run, RunAddress, RunFile, Version,
};
use artifact_core::{Alias, ArtifactName, ArtifactType, ProjectAddress};
use async_trait::async_trait;

use super::Engine;
use super::lookup::limit;
use crate::StoreError;
use crate::service::{Caller, LinkTarget, ListQuery, Service, Slice};
use crate::tickets::downloaded_key;

#[async_trait]
impl ArtifactCatalog for Engine {
    async fn run(&self, run: &RunAddress) -> Result<Run, RegistryError> {
        let run = run.clone();
        self.call_service("looking up a run", move |service| {
            service.existing_run(&run)
        })
        .await
    }

    async fn runs(
        &self,
        project: &ProjectAddress,
        request: ListRequest,
    ) -> Result<Page<Run>, RegistryError> {
        let project = project.clone();
        self.call_service("listing runs", move |service| {
            service.must_have_project(&project)?;
            let slice = service.runs(&project, &query(&request)?)?;
            Ok(page(slice))
        })
        .await
    }

    async fn run_files(
        &self,
        run: &RunAddress,
        selection: &FileSelection,
        request: PageRequest,
    ) -> Result<Page<RunFileRecord>, RegistryError> {
        let (run, selection) = (run.clone(), selection.clone());
        self.call_service("listing files of a run", move |service| {
            let run = service.existing_run(&run)?;
            let query = query(&ListRequest {
                page: request,
                filter: None,
                order: None,
            })?;
            let slice = service.run_files(&run.id, &selection, &query)?;
            let mut files = Vec::with_capacity(slice.items.len());
            let next = next(&slice);
            for listed in slice.items {
                files.push(file_record(&service, listed.item)?);
            }
            Ok(Page { items: files, next })
        })
        .await
    }

    async fn artifacts_of_run(
        &self,
        run: &RunAddress,
        relation: RunRelation,
        request: PageRequest,
    ) -> Result<Page<ArtifactRecord>, RegistryError> {
        let run = run.clone();
        self.call_service("listing artifacts of a run", move |service| {
            let run = service.existing_run(&run)?;
            let query = query(&ListRequest {
                page: request,
                filter: None,
                order: None,
            })?;
            let slice = match relation {
                RunRelation::Logged => service.logged_by_run(&run.id, &query)?,
                RunRelation::Used => service.used_by_run(&run.id, &query)?,
            };
            let next = next(&slice);
            let versions = slice.items.into_iter().map(|listed| listed.item);
            // A version that is used may have been deleted since.
            let versions = versions.filter(Version::is_committed);
            let items = versions.map(|version| service.record_in_sequence(version));
            Ok(Page {
                items: items.collect::<Result<_, _>>()?,
                next,
            })
        })
        .await
    }

    async fn artifact_types(
        &self,
        project: &ProjectAddress,
        request: PageRequest,
    ) -> Result<Page<ArtifactType>, RegistryError> {
        let project = project.clone();
        self.call_service("listing types", move |service| {
            service.must_have_project(&project)?;
            let query = query(&ListRequest {
                page: request,
                filter: None,
                order: None,
            })?;
            let slice = service.artifact_types(&project, &query)?;
            Ok(page(slice.map(|listed| listed.name)))
        })
        .await
    }

    async fn collections_of_both_kinds(
        &self,
        project: &ProjectAddress,
        artifact_type: Option<&ArtifactType>,
        request: ListRequest,
    ) -> Result<Page<CollectionDetails>, RegistryError> {
        let (project, artifact_type) = (project.clone(), artifact_type.cloned());
        self.call_service("listing collections", move |service| {
            service.must_have_project(&project)?;
            let slice = service.collections(&project, artifact_type.as_ref(), &query(&request)?)?;
            let next = next(&slice);
            let found = slice.items.into_iter().map(|listed| listed.item);
            let items = found.map(|collection| details(&service, collection));
            Ok(Page {
                items: items.collect::<Result<_, _>>()?,
                next,
            })
        })
        .await
    }

    async fn collection(
        &self,
        project: &ProjectAddress,
        name: &ArtifactName,
    ) -> Result<CollectionDetails, RegistryError> {
        let (project, name) = (project.clone(), name.clone());
        self.call_service("looking up a collection", move |service| {
            let found = service.existing_collection(&project, &name)?;
            details(&service, found)
        })
        .await
    }

    async fn members(
        &self,
        project: &ProjectAddress,
        name: &ArtifactName,
        request: ListRequest,
    ) -> Result<Page<ArtifactRecord>, RegistryError> {
        let (project, name) = (project.clone(), name.clone());
        self.call_service("listing versions", move |service| {
            let collection = service.existing_collection(&project, &name)?;
            let slice = service.versions(&collection.id, &query(&request)?)?;
            let next = next(&slice);
            let found = slice.items.into_iter().map(|listed| listed.item);
            let items =
                found.map(|(index, version)| service.record_in(version, &collection, index));
            Ok(Page {
                items: items.collect::<Result<_, _>>()?,
                next,
            })
        })
        .await
    }

    async fn change_collection(
        &self,
        project: &ProjectAddress,
        name: &ArtifactName,
        edits: CollectionEdits,
    ) -> Result<CollectionDetails, RegistryError> {
        let (project, name) = (project.clone(), name.clone());
        self.call_service("changing a collection", move |service| {
            let found = service.existing_collection(&project, &name)?;
            // By its old name, so before it has a new one.
            if !edits.tags_to_add.is_empty() || !edits.tags_to_delete.is_empty() {
                let (add, delete) = (&edits.tags_to_add, &edits.tags_to_delete);
                service.tag_collection(&project, &name, add, delete)?;
            }
            let changes = CollectionChanges {
                name: edits.name.clone(),
                description: edits.description.clone(),
            };
            let after = service.update_collection(&found.id, found.kind, &changes)?;
            details(&service, after)
        })
        .await
    }

    async fn delete_collection(
        &self,
        project: &ProjectAddress,
        name: &ArtifactName,
    ) -> Result<(), RegistryError> {
        let (project, name) = (project.clone(), name.clone());
        self.call_service("deleting a collection", move |service| {
            let found = service.existing_collection(&project, &name)?;
            service.delete_collection(&found.id, found.kind).map(drop)
        })
        .await
    }

    async fn link(
        &self,
        artifact: &ArtifactId,
        project: &ProjectAddress,
        name: &ArtifactName,
        aliases: &[Alias],
    ) -> Result<ArtifactRecord, RegistryError> {
        let (artifact, aliases) = (artifact.clone(), aliases.to_vec());
        let target = LinkTarget::Named(project.clone(), name.clone());
        self.call_service("linking an artifact", move |service| {
            Ok(service.link(&artifact, &target, &aliases)?.into_record())
        })
        .await
    }

    async fn unlink(
        &self,
        artifact: &ArtifactId,
        project: &ProjectAddress,
        name: &ArtifactName,
    ) -> Result<(), RegistryError> {
        let (artifact, project, name) = (artifact.clone(), project.clone(), name.clone());
        self.call_service("unlinking an artifact", move |service| {
            let found = service.existing_collection(&project, &name)?;
            service.unlink(&artifact, &found.id)
        })
        .await
    }

    async fn links(&self, artifact: &ArtifactId) -> Result<Vec<ArtifactRecord>, RegistryError> {
        let artifact = artifact.clone();
        self.call_service("looking up links", move |service| {
            let memberships = service.memberships(&artifact)?.into_iter();
            let links =
                memberships.filter(|member| member.collection.kind == CollectionKind::Portfolio);
            Ok(links.map(crate::service::Membership::into_record).collect())
        })
        .await
    }

    async fn change_aliases(
        &self,
        artifact: &ArtifactId,
        project: &ProjectAddress,
        name: &ArtifactName,
        add: &[Alias],
        delete: &[Alias],
    ) -> Result<(), RegistryError> {
        let (artifact, project, name) = (artifact.clone(), project.clone(), name.clone());
        let placed = move |aliases: &[Alias]| -> Vec<_> {
            let place = |alias: &Alias| (project.clone(), name.clone(), alias.clone());
            aliases.iter().map(place).collect()
        };
        let (add, delete) = (placed(add), placed(delete));
        self.call_service("changing aliases", move |service| {
            if !add.is_empty() {
                service.add_aliases(&artifact, &add)?;
            }
            if !delete.is_empty() {
                service.delete_aliases(&artifact, &delete)?;
            }
            Ok(())
        })
        .await
    }

    async fn delete_artifact(
        &self,
        artifact: &ArtifactId,
        aliased: AliasedDeletion,
    ) -> Result<(), RegistryError> {
        let artifact = artifact.clone();
        self.call_service("deleting an artifact", move |service| {
            let with_aliases = aliased == AliasedDeletion::DeleteAliases;
            service.delete_version(&artifact, with_aliases).map(drop)
        })
        .await
    }
}

impl Engine {
    /// Calls the service as the operator, on a thread that may block.
    async fn call_service<T: Send + 'static>(
        &self,
        operation: &'static str,
        work: impl FnOnce(Service) -> Result<T, StoreError> + Send + 'static,
    ) -> Result<T, RegistryError> {
        let service = self.service(Caller::Operator);
        self.call(operation, move |_| work(service)).await
    }
}

fn query(request: &ListRequest) -> Result<ListQuery, StoreError> {
    Ok(ListQuery {
        filter: request.filter.clone(),
        order: request.order.clone(),
        after: request.page.after.as_ref().map(ToString::to_string),
        first: Some(limit(&request.page)?),
    })
}

fn page<T>(slice: Slice<T>) -> Page<T> {
    let next = next(&slice);
    let items = slice.items.into_iter().map(|listed| listed.item);
    Page {
        items: items.collect(),
        next,
    }
}

/// Returns the cursor after a slice, if more items follow.
fn next<T>(slice: &Slice<T>) -> Option<Arc<str>> {
    let last = slice.items.last().filter(|_| slice.has_more)?;
    Some(last.cursor.as_str().into())
}

fn details(service: &Service, collection: Collection) -> Result<CollectionDetails, StoreError> {
    Ok(CollectionDetails {
        version_count: service.member_count(&collection)?,
        id: collection.id,
        kind: collection.kind,
        project: collection.project,
        name: collection.name,
        artifact_type: collection.artifact_type,
        description: collection.description.filter(|text| !text.is_empty()),
        tags: collection.tags,
        created_at: collection.created_at,
        updated_at: collection.updated_at,
    })
}

/// Returns a file of a run. Its URL is that of the file that holds its content; where the content is not in files, a URN
/// that names the content.
fn file_record(service: &Service, file: RunFile) -> Result<RunFileRecord, StoreError> {
    let key = downloaded_key(&file.ticket);
    let key = key.ok_or_else(|| StoreError::rejected("a file of a run has no content"))?;
    let url = match service.content_path(&key)? {
        Some(path) => file_url(path)?,
        None => format!("urn:sha256:{key}"),
    };
    Ok(RunFileRecord {
        name: file.name.into(),
        size: file.size,
        md5: Some(file.md5),
        mimetype: file.mimetype,
        updated_at: file.updated_at,
        url: url.clone(),
        direct_url: url,
        ticket: file.ticket,
    })
}

fn file_url(path: PathBuf) -> Result<String, StoreError> {
    let path = std::path::absolute(&path).unwrap_or(path);
    let url = url::Url::from_file_path(&path).map_err(|()| {
        StoreError::rejected(format!("{} is no path that a URL can name", path.display()))
    })?;
    Ok(url.into())
}
