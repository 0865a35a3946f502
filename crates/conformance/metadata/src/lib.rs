//! The contract of [`MetadataStore`] as rules that every adapter runs.
//!
//! An adapter gives a [`Fixture`]: an empty store, and a way to open it again. One line then turns every rule into a
//! test:
//!
//! ```ignore
//! metadata_conformance::metadata_conformance!(empty_store);
//! ```
#![expect(
    clippy::missing_errors_doc,
    clippy::missing_panics_doc,
    reason = "rules panic when the contract is broken, and return the errors of the store"
)]

mod accounts;
mod collections;
mod fixture;
mod manifests;
mod runs;
mod transactions;
mod versions;

pub use accounts::*;
pub use collections::*;
pub use fixture::Fixture;
pub use manifests::*;
pub use runs::*;
pub use transactions::*;
pub use versions::*;

#[cfg(doc)]
use artifact_store::metadata::MetadataStore;

/// Makes a test of every rule, each over a store of its own from `$fixture`, a `fn() -> impl Fixture`.
#[macro_export]
macro_rules! metadata_conformance {
    ($fixture:path) => {
        $crate::metadata_conformance!(
            @ $fixture;
            a_write_is_seen_by_later_reads,
            a_write_sees_its_own_changes,
            a_failed_write_leaves_nothing,
            a_panic_leaves_nothing,
            a_violated_constraint_undoes_the_write,
            a_read_sees_one_state,
            overlapping_writes_run_one_after_another,
            processes_see_each_others_writes,
            accounts_are_listed_by_name,
            a_key_goes_with_its_account,
            an_entity_has_an_account_or_a_project,
            projects_are_listed_by_entity_and_name,
            a_project_keeps_its_latest_change,
            changes_to_a_run_leave_the_rest,
            a_deleted_run_is_not_found,
            the_end_of_a_run_clears_a_request_to_stop,
            runs_in_brief_lack_their_large_parts,
            lines_are_replaced_by_number,
            lines_of_the_history_are_found_by_step,
            a_file_of_a_run_is_replaced,
            files_of_runs_are_found_by_pattern,
            a_name_is_free_again_once_its_collection_is_deleted,
            an_index_is_allocated_once,
            changes_to_a_collection_leave_the_rest,
            types_are_listed_by_name,
            sequences_are_listed_by_name,
            tags_are_kept_once_and_sorted,
            members_are_listed_from_the_newest,
            an_index_belongs_to_one_member,
            an_alias_stands_for_one_version,
            a_committed_version_is_found_by_its_digest,
            changes_to_a_version_leave_the_rest,
            a_merged_version_stands_for_the_other_one,
            a_deleted_version_is_in_no_collection,
            deleting_a_version_deletes_what_belongs_to_it,
            writers_share_one_pending_version,
            abandoned_versions_are_deleted,
            a_version_expires_after_its_time_to_live,
            lineage_is_in_the_order_of_the_first_time,
            a_client_id_of_a_sequence_stands_for_its_newest_version,
            entries_are_listed_by_path,
            batches_answer_in_order,
            entries_are_as_they_were_written,
            references_are_deleted_in_batches,
            content_is_found_by_its_hash,
            a_version_has_one_full_manifest,
            each_writer_of_a_manifest_has_its_mark,
            partial_manifests_conflict_by_path,
            a_run_does_not_conflict_with_itself,
            partial_manifests_merge_in_any_order,
            a_manifest_conflicts_with_its_base_by_path,
            a_blob_names_the_version_that_first_stored_it,
            blobs_in_use_are_not_deleted,
            an_upload_keeps_its_parts_in_order
        );
    };
    (@ $fixture:path; $($rule:ident),+) => {
        $(
            #[test]
            fn $rule() {
                $crate::$rule(&$fixture()).expect("the store does not fail");
            }
        )+
    };
}
