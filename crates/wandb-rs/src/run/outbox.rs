//! The outbox of a run: lines that its registry has not accepted yet.

use std::collections::VecDeque;

use artifact_core::LogicalPath;
use artifact_core::ports::{RunMessage, StreamLines};
use artifact_core::records::LineCounts;

/// The longest line. Source: section 6.3 of the wire protocol.
pub(super) const LONGEST_LINE: usize = (10 << 20) - (100 << 10);

/// The maximum size of lines in one message, unless it is a single line: the official client sends a tenth
/// more, and JSON makes quotes longer.
const MESSAGE: usize = 4 << 20;

/// The maximum size of pending lines, in bytes.
const MOST_BYTES: usize = 64 << 20;

/// Pending lines.
#[derive(Debug, Default)]
pub(super) struct Outbox {
    history: Waiting,
    console: Waiting,
    uploaded: Vec<LogicalPath>,
    is_preempting: bool,
    summary: Change,
    config: Change,
    bytes: usize,
    /// The number of dropped lines.
    lost: u64,
    /// Whether the registry rejects all lines.
    is_closed: bool,
}

/// Lines of one stream.
#[derive(Debug, Default)]
struct Waiting {
    /// The number of the first.
    offset: u64,
    lines: VecDeque<String>,
}

/// Something that is sent as a whole.
#[derive(Debug, Default, Clone, Copy)]
struct Change {
    made: u64,
    sent: u64,
}

impl Change {
    const fn is_due(self) -> bool {
        self.made != self.sent
    }
}

/// The lines of a message, for [`Outbox::confirm`] when it has arrived.
#[derive(Debug, Clone, Copy)]
pub(super) struct Sending {
    history: usize,
    console: usize,
    uploaded: usize,
    is_preempting: bool,
    summary: u64,
}

/// The next message.
#[derive(Debug)]
pub(super) struct Next {
    /// The message, without its summary.
    pub(super) message: RunMessage,
    /// Whether the summary goes with it.
    pub(super) with_summary: bool,
    pub(super) sending: Sending,
}

impl Outbox {
    /// Returns the outbox of a run whose streams have this many lines.
    pub(super) fn after(counts: LineCounts) -> Self {
        let mut outbox = Self::default();
        outbox.history.offset = counts.history;
        outbox.console.offset = counts.console;
        outbox
    }

    /// Adds a line of the history. Returns whether it is the first that finds no room.
    pub(super) fn push_history(&mut self, line: String) -> bool {
        if !self.has_room(&line) {
            self.lost += 1;
            return self.lost == 1;
        }
        self.bytes += line.len();
        self.history.lines.push_back(line);
        false
    }

    /// Adds a line of the console. Returns whether it is the first that finds no room.
    pub(super) fn push_console(&mut self, line: String) -> bool {
        if !self.has_room(&line) {
            self.lost += 1;
            return self.lost == 1;
        }
        self.bytes += line.len();
        self.console.lines.push_back(line);
        false
    }

    fn has_room(&self, line: &str) -> bool {
        !self.is_closed && self.bytes + line.len() <= MOST_BYTES
    }

    pub(super) fn push_uploaded(&mut self, name: LogicalPath) {
        self.uploaded.push(name);
    }

    pub(super) const fn change_summary(&mut self) {
        self.summary.made += 1;
    }

    pub(super) const fn change_config(&mut self) {
        self.config.made += 1;
    }

    pub(super) const fn preempt(&mut self) {
        self.is_preempting = true;
    }

    /// Returns whether there is anything to send.
    pub(super) fn is_due(&self) -> bool {
        self.config.is_due() || self.has_message()
    }

    fn has_message(&self) -> bool {
        !self.is_closed
            && (self.summary.is_due()
                || self.is_preempting
                || !self.uploaded.is_empty()
                || !self.history.lines.is_empty()
                || !self.console.lines.is_empty())
    }

    /// Returns the version of the configuration that is to be sent.
    pub(super) fn due_config(&self) -> Option<u64> {
        self.config.is_due().then_some(self.config.made)
    }

    pub(super) const fn confirm_config(&mut self, version: u64) {
        self.config.sent = version;
    }

    /// Returns what to send next, if there is something; nothing is taken away yet.
    pub(super) fn next(&self) -> Option<Next> {
        if !self.has_message() {
            return None;
        }
        let mut room = MESSAGE;
        let message = RunMessage {
            history: self.history.front(&mut room),
            console: self.console.front(&mut room),
            uploaded: self.uploaded.clone(),
            is_preempting: self.is_preempting,
            ..RunMessage::default()
        };
        Some(Next {
            with_summary: self.summary.is_due(),
            sending: Sending {
                history: message.history.lines.len(),
                console: message.console.lines.len(),
                uploaded: message.uploaded.len(),
                is_preempting: message.is_preempting,
                summary: self.summary.made,
            },
            message,
        })
    }

    /// Takes away what has arrived.
    pub(super) fn confirm(&mut self, sent: Sending) {
        self.bytes -= self.history.pop(sent.history) + self.console.pop(sent.console);
        self.uploaded.drain(..sent.uploaded);
        self.is_preempting &= !sent.is_preempting;
        self.summary.sent = sent.summary;
    }

    /// Takes nothing more, and drops what waits.
    pub(super) fn close(&mut self) {
        self.is_closed = true;
        let lines = self.history.lines.len() + self.console.lines.len();
        self.lost += lines as u64;
        self.history.lines.clear();
        self.console.lines.clear();
        self.bytes = 0;
    }

    /// Returns the number of dropped lines.
    pub(super) const fn lost(&self) -> u64 {
        self.lost
    }

    /// Returns the number of pending lines.
    pub(super) fn waiting(&self) -> u64 {
        (self.history.lines.len() + self.console.lines.len()) as u64
    }
}

impl Waiting {
    /// Returns as many of the first lines as there is room for, and at least one where there was room for everything.
    fn front(&self, room: &mut usize) -> StreamLines {
        let mut lines = Vec::new();
        for line in &self.lines {
            if *room < line.len() && *room != MESSAGE {
                *room = 0;
                break;
            }
            *room = room.saturating_sub(line.len().max(1));
            lines.push(line.clone());
        }
        StreamLines {
            offset: self.offset,
            lines,
        }
    }

    /// Returns the size of the accepted lines.
    fn pop(&mut self, count: usize) -> usize {
        self.offset += count as u64;
        self.lines.drain(..count).map(|line| line.len()).sum()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn sent(outbox: &Outbox) -> (Vec<String>, Vec<String>) {
        let message = outbox.next().unwrap().message;
        (message.history.lines, message.console.lines)
    }

    #[test]
    fn what_did_not_arrive_is_sent_again_and_what_did_is_not() {
        let counts = LineCounts {
            history: 7,
            ..LineCounts::default()
        };
        let mut outbox = Outbox::after(counts);
        assert!(outbox.next().is_none());
        outbox.push_history("a".to_owned());
        outbox.push_console("x".to_owned());
        let first = outbox.next().unwrap();
        assert_eq!(first.message.history.offset, 7);
        // More comes while the first is on its way, and the first is lost.
        outbox.push_history("b".to_owned());
        let again = outbox.next().unwrap();
        assert_eq!(again.message.history.lines, ["a", "b"]);
        outbox.confirm(first.sending);
        let rest = outbox.next().unwrap();
        assert_eq!(
            (rest.message.history.offset, rest.message.console.offset),
            (8, 1)
        );
        assert_eq!(sent(&outbox), (vec!["b".to_owned()], vec![]));
        outbox.confirm(rest.sending);
        assert!(!outbox.is_due());
        assert_eq!((outbox.bytes, outbox.waiting()), (0, 0));
    }

    #[test]
    fn a_summary_that_changes_on_the_way_is_sent_again() {
        let mut outbox = Outbox::default();
        outbox.change_summary();
        let next = outbox.next().unwrap();
        assert!(next.with_summary);
        outbox.change_summary();
        outbox.confirm(next.sending);
        assert!(outbox.next().unwrap().with_summary);
    }

    #[test]
    fn messages_are_of_bearable_length() {
        let mut outbox = Outbox::default();
        let line = "x".repeat(3 << 20);
        for _ in 0..3 {
            outbox.push_history(line.clone());
        }
        outbox.push_console("y".to_owned());
        outbox.push_history("z".repeat(LONGEST_LINE));
        let mut messages = Vec::new();
        while let Some(next) = outbox.next() {
            let lengths =
                [&next.message.history, &next.message.console].map(|lines| lines.lines.len());
            messages.push(lengths);
            outbox.confirm(next.sending);
        }
        assert_eq!(messages, [[1, 0], [1, 0], [1, 0], [1, 0], [0, 1]]);
    }

    #[test]
    fn lines_without_room_are_counted() {
        let mut outbox = Outbox::default();
        let line = "x".repeat(8 << 20);
        let firsts = (0..11).map(|_| outbox.push_history(line.clone()));
        let firsts: Vec<_> = firsts.collect();
        assert_eq!(firsts.iter().position(|first| *first), Some(8));
        assert_eq!((outbox.lost(), outbox.waiting()), (3, 8));
        outbox.close();
        assert_eq!((outbox.lost(), outbox.waiting()), (11, 0));
        assert!(outbox.next().is_none());
    }
}
