//! The contract of [`ReferenceResolver`] as rules that every adapter and decorator runs.
//!
//! An adapter gives a [`Fixture`]: an empty store, a way to fill it, and the resolver that reads it. One line then
//! turns every rule into a test:
//!
//! ```
//! use resolver_conformance::MemoryStore;
//!
//! async fn memory() -> MemoryStore {
//!     MemoryStore::new()
//! }
//! resolver_conformance::resolver_conformance!(memory);
//! ```
//!
//! [`MemoryStore`] is the reference: the smallest store that keeps the contract, for tests of decorators and callers.

mod fixture;
mod memory;
mod rules;

pub use fixture::{Capability, Fixture};
pub use memory::MemoryStore;
pub use rules::*;

#[cfg(doc)]
use artifact_core::ports::ReferenceResolver;

/// Makes a test of every rule, each over a store of its own from `$fixture`, an `async fn() -> impl Fixture`.
///
/// The crate that calls it needs `tokio` with the feature `macros`.
#[macro_export]
macro_rules! resolver_conformance {
    ($fixture:path) => {
        $crate::resolver_conformance!(
            @ $fixture;
            a_uri_that_names_one_object_yields_it,
            a_folder_yields_each_object_once,
            objects_come_in_the_order_of_their_paths,
            a_folder_does_not_match_its_siblings,
            the_root_is_the_folder_of_all,
            an_object_goes_before_the_folder_of_its_name,
            marks_of_folders_are_no_objects,
            a_uri_with_nothing_behind_it_is_not_found,
            an_emptied_folder_is_not_found,
            content_digests_and_sizes_are_those_of_the_bytes,
            without_checksum_no_digest_claims_to_be_of_the_content,
            without_checksum_objects_keep_their_uris,
            every_object_can_be_resolved_again_by_its_own_uri,
            open_yields_the_content_that_was_recorded,
            open_yields_content_larger_than_any_buffer,
            open_of_a_missing_object_is_not_found,
            open_of_an_overwritten_version_yields_the_recorded_one,
            open_of_a_removed_version_yields_the_recorded_one,
            open_of_changed_content_never_passes_it_off_as_recorded,
            check_of_what_was_recorded_succeeds,
            check_of_a_missing_object_is_not_found,
            check_of_changed_content_is_changed,
            a_dropped_stream_harms_nothing
        );
    };
    (@ $fixture:path; $($rule:ident),+) => {
        $(
            #[tokio::test]
            async fn $rule() {
                $crate::$rule($fixture().await).await;
            }
        )+
    };
}
