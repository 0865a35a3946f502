//! Many messages per call: each function turns its arguments into jobs for the kernel.

use crate::Digest;
use crate::block::{INITIAL, Job};
use crate::kernel::Kernel;
use crate::md5::{Md5, to_digest};
use crate::padding::Ending;

/// Appends `chunks[i]` to the message of `states[i]`, for every `i`, several states at a time.
///
/// The chunks may have any lengths, also zero. Calls are fastest with at least [`lanes`] chunks of
/// several KiB each.
///
/// # Panics
///
/// If `states` and `chunks` differ in length.
///
/// ```
/// use md5_lanes::{Md5, finalize_many, update_many};
///
/// let mut states = vec![Md5::new(); 2];
/// update_many(&mut states, &[b"first ", b"second "]);
/// update_many(&mut states, &[b"file", b"file"]);
/// let digests = finalize_many(states);
/// assert_eq!(digests, [Md5::digest(b"first file"), Md5::digest(b"second file")]);
/// ```
pub fn update_many(states: &mut [Md5], chunks: &[&[u8]]) {
    update(Kernel::detect(), states, chunks);
}

/// Returns the digest of each state's message, in the order of `states`.
///
/// Like [`Md5::finalize`], it consumes the states: one that has been padded is of no further use.
#[must_use]
pub fn finalize_many(states: Vec<Md5>) -> Vec<Digest> {
    finalize(Kernel::detect(), states)
}

/// Returns the digest of each message, in the order of `messages`.
///
/// For messages that are in memory as a whole. It does the work of [`update_many`] and
/// [`finalize_many`] in one pass, which matters for messages of few KiB.
#[must_use]
pub fn digest_many(messages: &[&[u8]]) -> Vec<Digest> {
    digest(Kernel::detect(), messages)
}

/// Returns the name of the kernel chosen for this processor: `"avx2"` or `"scalar"`.
#[must_use]
pub fn kernel() -> &'static str {
    Kernel::detect().name()
}

/// Returns how many independent messages fill the kernel: 16 with AVX2, 1 without.
///
/// A batch of fewer leaves lanes empty, a batch of more refills them as messages end.
#[must_use]
pub fn lanes() -> usize {
    Kernel::detect().lanes()
}

fn update(kernel: Kernel, states: &mut [Md5], chunks: &[&[u8]]) {
    assert_eq!(
        states.len(),
        chunks.len(),
        "`update_many` needs one chunk per state"
    );
    let (jobs, rests): (Vec<_>, Vec<_>) = states
        .iter_mut()
        .zip(chunks)
        .map(|(state, chunk)| state.accept(chunk))
        .unzip();
    kernel.run(jobs);
    for (state, rest) in states.iter_mut().zip(rests) {
        state.keep(rest);
    }
}

fn finalize(kernel: Kernel, states: Vec<Md5>) -> Vec<Digest> {
    let endings: Vec<_> = states.iter().map(Md5::ending).collect();
    let mut chains: Vec<_> = states.into_iter().map(Md5::into_chain).collect();
    let jobs = chains
        .iter_mut()
        .zip(&endings)
        .map(|(chain, ending)| Job {
            chain,
            first: ending.blocks(),
            then: &[],
        })
        .collect();
    kernel.run(jobs);
    chains.iter().map(to_digest).collect()
}

fn digest(kernel: Kernel, messages: &[&[u8]]) -> Vec<Digest> {
    let mut chains = vec![INITIAL; messages.len()];
    let split: Vec<_> = messages
        .iter()
        .map(|message| {
            let (blocks, tail) = message.as_chunks();
            (blocks, Ending::new(tail, message.len() as u64))
        })
        .collect();
    let jobs = chains
        .iter_mut()
        .zip(&split)
        .map(|(chain, (blocks, ending))| Job {
            chain,
            first: blocks,
            then: ending.blocks(),
        })
        .collect();
    kernel.run(jobs);
    chains.iter().map(to_digest).collect()
}

#[cfg(test)]
mod tests;
