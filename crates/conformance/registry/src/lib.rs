//! The contract of [`ArtifactRegistry`](artifact_core::ports::ArtifactRegistry),
//! [`ArtifactCatalog`](artifact_core::ports::ArtifactCatalog) and [`BlobTransfer`](artifact_core::ports::BlobTransfer),
//! as tests that run over any pair of adapters.
//!
//! Each rule is an `async fn` that takes a fresh [`Fixture`] and panics if the adapters break it. The macro
//! [`registry_conformance!`] turns each into a test; a crate that implements the ports calls it once, in `tests/`.
//!
//! Digests and manifest files are made by hand, with other hash implementations than those of the adapters, so that
//! the suite shares no mistake with them.
#![expect(
    clippy::unwrap_used,
    clippy::missing_panics_doc,
    reason = "every function here is the body of a test"
)]

mod catalog_collections;
mod catalog_runs;
mod changes;
mod content;
mod dedupe;
mod distributed;
mod draft;
mod fixture;
mod labels;
mod lineage;
mod links;
mod listing;
mod lookup;
mod numbering;
mod runs;
mod uploads;
mod visibility;

pub use catalog_collections::*;
pub use catalog_runs::{
    run_files_are_listed_and_read, run_is_found_with_its_summary, run_knows_its_inputs_and_outputs,
    runs_are_filtered_and_ordered,
};
pub use changes::*;
pub use content::*;
pub use dedupe::*;
pub use distributed::*;
pub use draft::{Draft, Pending};
pub use fixture::Fixture;
pub use labels::*;
pub use lineage::*;
pub use links::*;
pub use listing::*;
pub use lookup::*;
pub use numbering::*;
pub use runs::*;
pub use uploads::*;
pub use visibility::*;

/// Makes a test of each rule. `$fixture` is a path to an `async fn() -> Fixture`.
///
/// The calling crate needs `tokio` with its macros and the multi-threaded runtime.
#[macro_export]
macro_rules! registry_conformance {
    ($fixture:path) => {
        $crate::registry_conformance!(@ $fixture;
            pending_version_is_invisible,
            committed_version_cannot_be_written_to,
            versions_are_numbered_without_gaps,
            abandoned_version_takes_no_number,
            committed_digest_is_found_at_creation,
            digest_committed_meanwhile_is_found_at_commit,
            same_content_logged_at_once_is_one_version,
            collections_do_not_share_versions,
            shares_become_one_version,
            share_sent_twice_counts_once,
            share_without_its_manifest_counts_for_nothing,
            other_content_at_one_path_is_refused,
            file_and_folder_at_one_path_is_refused,
            committed_version_takes_no_share,
            version_without_any_entry_of_its_writers_is_refused,
            distributed_id_counts_within_one_collection,
            increment_comes_on_top_of_the_newest_version,
            increment_makes_no_folder_of_a_file,
            increment_is_not_an_older_version_of_its_entries_alone,
            aliases_move_to_the_newer_version,
            aliases_always_have_a_holder,
            tags_are_added,
            collection_has_one_type,
            grants_come_in_order,
            stored_content_is_not_asked_for,
            content_is_born_once,
            wrong_bytes_are_refused,
            body_sent_twice_is_harmless,
            upload_tells_of_every_byte,
            missing_content_commits_nothing,
            missing_manifest_commits_nothing,
            wrong_digest_commits_nothing,
            content_comes_back,
            both_hash_functions_are_known,
            empty_artifact_is_one,
            references_are_kept,
            content_of_earlier_versions_can_be_kept,
            description_metadata_and_ttl_round_trip,
            changes_leave_the_rest_alone,
            run_is_created_then_updated,
            lineage_goes_both_ways,
            unknown_run_is_refused,
            what_a_run_says_is_counted,
            message_sent_again_is_harmless,
            numbers_without_a_value_are_taken,
            run_ends_and_may_begin_again,
            missing_run_says_nothing,
            files_of_a_run_are_taken,
            missing_artifact_is_named,
            missing_project_is_named,
            foreign_id_is_refused,
            versions_come_in_pages_newest_first,
            collections_come_in_pages_by_name,
            projects_come_in_pages_by_name,
            run_is_found_with_its_summary,
            runs_are_filtered_and_ordered,
            run_files_are_listed_and_read,
            run_knows_its_inputs_and_outputs,
            types_and_their_collections_are_listed,
            members_are_filtered_and_ordered,
            collection_is_changed,
            collection_is_deleted,
            linked_version_is_found_in_both,
            link_to_a_sequence_is_refused,
            unlinked_version_stays,
            aliases_of_a_portfolio_are_its_own,
            deleted_version_is_gone_for_good,
        );
    };
    (@ $fixture:path; $($rule:ident),+ $(,)?) => {
        $(
            #[tokio::test(flavor = "multi_thread", worker_threads = 2)]
            async fn $rule() {
                $crate::$rule($fixture().await).await;
            }
        )+
    };
}
