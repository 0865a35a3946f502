//! The contract of the blob port, [`artifact_store::blobs`], as rules that every adapter runs.
//!
//! An adapter gives a [`Fixture`]: an empty store, and a way to open the same store once more, as another process
//! would. One line then turns every rule into a test:
//!
//! ```ignore
//! fn memory() -> Fixture {
//!     let store = MemoryBlobs::new();
//!     Fixture::new(move || Arc::new(store.clone()))
//! }
//! blobs_conformance::blobs_conformance!(memory);
//! ```

#![expect(
    clippy::missing_panics_doc,
    clippy::unwrap_used,
    reason = "a rule is a test: it panics where it does not hold"
)]

mod fixture;
mod rules;

pub use fixture::Fixture;
pub use rules::content::*;
pub use rules::parts::*;
pub use rules::writers::*;

/// Makes a test of every rule, each over a store of its own from `$fixture`, a `fn() -> Fixture`.
#[macro_export]
macro_rules! blobs_conformance {
    ($fixture:path) => {
        $crate::blobs_conformance!(
            @ $fixture;
            content_that_was_put_is_whole,
            content_is_readable_after_a_barrier,
            empty_content_is_content,
            a_range_is_cut_off_at_the_end_of_the_content,
            nothing_is_found_where_nothing_was_put,
            putting_stored_content_again_is_harmless,
            writers_that_put_the_same_content_at_once_agree,
            damaged_content_is_replaced,
            a_dropped_draft_leaves_nothing_behind,
            deleting_what_is_not_there_is_no_error,
            content_that_is_deleted_while_it_is_read_is_never_wrong,
            list_reports_each_place_once,
            list_reports_only_places_with_the_prefix,
            drafts_and_parts_are_not_listed,
            an_error_of_the_caller_ends_the_listing,
            a_local_path_names_the_whole_content,
            a_clone_does_not_change_with_its_source,
            parts_arrive_in_any_order,
            a_part_that_is_kept_again_replaces_the_earlier_one,
            parts_are_seen_by_other_writers,
            a_dropped_draft_of_a_part_leaves_nothing_behind,
            a_part_is_deleted_alone,
            parts_of_a_group_are_deleted_together,
            recovery_runs_only_while_no_writer_is_registered,
            no_writer_registers_during_a_recovery,
            content_of_a_dead_writer_is_a_possible_orphan,
            orphans_are_deleted_and_other_content_stays,
            freed_orphans_are_not_reported_again,
            a_failed_recovery_keeps_its_records,
            a_settled_writer_leaves_no_records,
            an_unsettled_writer_recovers_when_it_leaves_last,
            recorded_orphans_are_reported,
            compaction_keeps_the_records_of_unsettled_content
        );
    };
    (@ $fixture:path; $($rule:ident),+) => {
        $(
            #[test]
            fn $rule() {
                $crate::$rule(&$fixture());
            }
        )+
    };
}
