//! `cargo xtask ci`: all steps, each with its name, its time and its result.

use std::fmt;
use std::time::{Duration, Instant};

use anyhow::{Result, bail};
use clap::ValueEnum as _;

use crate::steps::Step;

#[derive(Debug, clap::Args)]
pub(crate) struct Args {
    /// Run all steps even if some fail; list the failures at the end
    #[arg(long)]
    keep_going: bool,
    /// Leave a step out; may be given more than once
    #[arg(long, value_name = "STEP")]
    skip: Vec<Step>,
}

/// The result of one step.
struct Outcome {
    step: Step,
    time: Duration,
    error: Option<anyhow::Error>,
}

pub(crate) fn run(args: &Args) -> Result<()> {
    let chosen = Step::value_variants()
        .iter()
        .filter(|step| !args.skip.contains(step));
    let mut outcomes = Vec::new();
    for &step in chosen {
        let outcome = attempt(step);
        let failed = outcome.error.is_some();
        outcomes.push(outcome);
        if failed && !args.keep_going {
            break;
        }
    }
    summarise(&outcomes)
}

fn attempt(step: Step) -> Outcome {
    eprintln!("\n==> {}", step.name());
    let started = Instant::now();
    let error = step.run().err();
    let outcome = Outcome {
        step,
        time: started.elapsed(),
        error,
    };
    eprintln!("<== {outcome}");
    outcome
}

impl fmt::Display for Outcome {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let result = if self.error.is_some() { "FAILED" } else { "ok" };
        let seconds = self.time.as_secs_f64();
        write!(f, "{:<10} {seconds:>7.1} s  {result}", self.step.name())
    }
}

fn summarise(outcomes: &[Outcome]) -> Result<()> {
    let total: Duration = outcomes.iter().map(|outcome| outcome.time).sum();
    eprintln!("\nChecks ({:.1} s):", total.as_secs_f64());
    for outcome in outcomes {
        eprintln!("    {outcome}");
    }
    let failures: Vec<_> = outcomes
        .iter()
        .filter_map(|o| Some(format!("{}: {:#}", o.step.name(), o.error.as_ref()?)))
        .collect();
    if !failures.is_empty() {
        bail!(
            "{} of {} steps failed\n{}",
            failures.len(),
            outcomes.len(),
            failures.join("\n")
        );
    }
    Ok(())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_failure_is_listed() {
        let outcome = |step, error: Option<&'static str>| Outcome {
            step,
            time: Duration::from_millis(1500),
            error: error.map(anyhow::Error::msg),
        };
        let outcomes = [
            outcome(Step::Fmt, Some("`cargo fmt` failed")),
            outcome(Step::Layers, None),
            outcome(Step::Msrv, Some("stated twice")),
        ];
        assert_eq!(outcomes[1].to_string(), "layers         1.5 s  ok");
        assert_eq!(
            summarise(&outcomes).unwrap_err().to_string(),
            "2 of 3 steps failed\nfmt: `cargo fmt` failed\nmsrv: stated twice"
        );
    }
}
