//! What can be changed, by subject.

mod aliases;
mod artifacts;
mod collections;
mod inputs;
mod links;
mod projects;
mod run_files;
mod runs;
mod uploads;

use async_graphql::MergedObject;

/// The root of all changes.
#[derive(MergedObject, Default)]
pub(crate) struct Mutation(
    runs::RunMutations,
    run_files::RunFileMutations,
    artifacts::ArtifactMutations,
    uploads::UploadMutations,
    aliases::AliasMutations,
    links::LinkMutations,
    collections::CollectionMutations,
    projects::ProjectMutations,
);
