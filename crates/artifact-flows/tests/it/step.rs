//! The steps of the save flow at which it can be refused.

/// A step of the save flow.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Step {
    Create,
    CreateManifest,
    RequestUploads,
    AnnounceManifest,
    Commit,
    /// The commit succeeds, but its answer is lost.
    AnswerOfCommit,
}

impl Step {
    pub(crate) const ALL: [Self; 6] = [
        Self::Create,
        Self::CreateManifest,
        Self::RequestUploads,
        Self::AnnounceManifest,
        Self::Commit,
        Self::AnswerOfCommit,
    ];
}
