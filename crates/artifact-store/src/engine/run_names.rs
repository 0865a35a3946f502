//! Names for runs that were given none.

use artifact_core::records::RunAddress;
use sha2::{Digest as _, Sha256};

const ADJECTIVES: [&str; 32] = [
    "amber", "bold", "brisk", "calm", "clear", "cosy", "crisp", "deft", "eager", "fair", "fleet",
    "fresh", "gentle", "glad", "golden", "grand", "hardy", "keen", "lively", "lucid", "mellow",
    "mild", "neat", "noble", "plucky", "quiet", "rapid", "silver", "steady", "sunny", "vivid",
    "wise",
];

const NOUNS: [&str; 32] = [
    "acorn", "badger", "beacon", "birch", "brook", "cedar", "cliff", "comet", "coral", "crane",
    "dune", "ember", "falcon", "fern", "fjord", "glade", "harbor", "heron", "island", "lagoon",
    "lynx", "maple", "meadow", "otter", "pebble", "pine", "river", "robin", "summit", "thicket",
    "tide", "willow",
];

/// Returns an adjective, a noun and the number: `calm-otter-7`. The words go with the address, so that a transaction
/// that is run again comes to the same name.
pub(super) fn run_name(address: &RunAddress, number: u64) -> String {
    let hash = Sha256::digest(address.to_string());
    let adjective = ADJECTIVES[usize::from(hash[0]) % ADJECTIVES.len()];
    let noun = NOUNS[usize::from(hash[1]) % NOUNS.len()];
    format!("{adjective}-{noun}-{number}")
}
