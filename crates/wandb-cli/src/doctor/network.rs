//! Reachability of the server, step by step.

use std::error::Error;
use std::net::SocketAddr;
use std::time::{Duration, SystemTime};

use tokio::net::{TcpStream, lookup_host};
use tokio::time::timeout;
use wandb_rs::probe::{HttpError, ServerProbe};

use super::finding::Findings;
use wandb_rs::Settings;

/// The time limit of each step.
const PATIENCE: Duration = Duration::from_secs(10);

/// The clock difference from which signatures and tokens may fail.
const SKEW: Duration = Duration::from_mins(1);

/// Looks whether the server can be reached; returns whether it can.
pub(super) async fn examine(
    settings: &Settings,
    server: &ServerProbe,
    findings: &mut Findings,
) -> bool {
    let base_url = &settings.base_url;
    let is_https = base_url.as_str().starts_with("https:");
    let (host, port) = host_and_port(base_url.host_and_port(), is_https);
    let variables = settings.proxies();
    let is_spared = variables.iter().any(|it| it.spares(&host));
    let proxy = variables
        .iter()
        .find(|it| it.is_for(is_https) && !is_spared);
    let is_there = match proxy {
        Some(variable) => {
            let what = format!("requests go through the proxy of {}", variable.name);
            findings.ok("network", what);
            true
        }
        None => match names(&host, port, findings).await {
            Some(addresses) => connects(&addresses, &host, port, findings).await,
            None => false,
        },
    };
    is_there && answers(server, base_url.as_str(), is_https, findings).await
}

/// Splits what a URL has between its slashes; an IPv6 address loses its brackets.
fn host_and_port(authority: &str, is_https: bool) -> (String, u16) {
    let standard = if is_https { 443 } else { 80 };
    let (host, port) = match authority.rsplit_once(':') {
        // Within brackets it is part of the address.
        Some((host, port)) if !port.ends_with(']') => (host, port.parse().unwrap_or(standard)),
        _ => (authority, standard),
    };
    let host = host.trim_start_matches('[').trim_end_matches(']');
    (host.to_owned(), port)
}

async fn names(host: &str, port: u16, findings: &mut Findings) -> Option<Vec<SocketAddr>> {
    let looked_up = timeout(PATIENCE, lookup_host((host, port))).await;
    let found = match looked_up {
        Ok(Ok(addresses)) => Ok(addresses.collect::<Vec<_>>()),
        Ok(Err(error)) => Err(error.to_string()),
        Err(_) => Err("no answer in time".to_owned()),
    };
    match found {
        Ok(addresses) if !addresses.is_empty() => {
            let shown: Vec<_> = addresses.iter().map(|it| it.ip().to_string()).collect();
            findings.ok("dns", format!("{host} is {}", shown.join(", ")));
            Some(addresses)
        }
        found => {
            let why = found
                .err()
                .unwrap_or_else(|| "it has no address".to_owned());
            findings.error(
                "dns",
                format!("the address of {host} cannot be found: {why}"),
                "check the name in `base_url`, and the network of this machine",
            );
            None
        }
    }
}

async fn connects(
    addresses: &[SocketAddr],
    host: &str,
    port: u16,
    findings: &mut Findings,
) -> bool {
    let why = match timeout(PATIENCE, TcpStream::connect(addresses)).await {
        Ok(Ok(_)) => {
            findings.ok("tcp", format!("{host} accepts connections on port {port}"));
            return true;
        }
        Ok(Err(error)) => error.to_string(),
        Err(_) => "no answer in time".to_owned(),
    };
    findings.error(
        "tcp",
        format!("no connection to port {port} of {host}: {why}"),
        "check that the server runs and that no firewall is in between; a proxy is named by HTTPS_PROXY",
    );
    false
}

async fn answers(
    server: &ServerProbe,
    base_url: &str,
    is_https: bool,
    findings: &mut Findings,
) -> bool {
    let began = SystemTime::now();
    let probe = match server.probe().await {
        Ok(probe) => probe,
        Err(failure) => {
            not_answered(&failure, base_url, findings);
            return false;
        }
    };
    if is_https {
        findings.ok("tls", "the certificate is valid");
    }
    findings.ok(
        "http",
        format!("{base_url} answers (status {})", probe.status),
    );
    if let Some(date) = probe.date {
        clock(date, began, findings);
    }
    true
}

/// Returns what went wrong, with its causes.
pub(super) fn chain(failure: &HttpError) -> String {
    let mut chain = failure.to_string();
    let mut cause = failure.source();
    while let Some(next) = cause {
        chain = format!("{chain}: {next}");
        cause = next.source();
    }
    chain
}

fn not_answered(failure: &HttpError, base_url: &str, findings: &mut Findings) {
    let chain = chain(failure);
    let is_tls = ["certificate", "tls", "handshake", "UnknownIssuer"]
        .iter()
        .any(|word| chain.to_lowercase().contains(&word.to_lowercase()));
    if is_tls {
        findings.error(
            "tls",
            format!("{base_url}: {chain}"),
            "let REQUESTS_CA_BUNDLE name a PEM file with the certificate of its issuer",
        );
    } else {
        findings.error(
            "http",
            format!("{base_url}: {chain}"),
            "check that it is a W&B server, and that HTTPS_PROXY and NO_PROXY are right",
        );
    }
}

/// Compares the server's clock with this machine's.
fn clock(date: SystemTime, began: SystemTime, findings: &mut Findings) {
    let now = SystemTime::now();
    // The server read its clock in between, and reports whole seconds.
    let behind = began.duration_since(date).unwrap_or_default();
    let ahead = date.duration_since(now).unwrap_or_default();
    if SKEW < behind.max(ahead) {
        let (seconds, word) = if ahead < behind {
            (behind.as_secs(), "ahead of")
        } else {
            (ahead.as_secs(), "behind")
        };
        findings.warning(
            "clock",
            format!("this machine's clock is {seconds} seconds {word} the server's"),
            "set the clock, for instance with NTP: signed URLs and tokens have an end",
        );
    } else {
        findings.ok("clock", "the same as the server's, within a minute");
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn hosts_and_ports_are_told_apart() {
        for (authority, is_https, expected) in [
            ("example.com", true, ("example.com", 443)),
            ("example.com", false, ("example.com", 80)),
            ("127.0.0.1:8080", false, ("127.0.0.1", 8080)),
            ("[::1]:8080", false, ("::1", 8080)),
            ("[::1]", true, ("::1", 443)),
        ] {
            let (host, port) = host_and_port(authority, is_https);
            assert_eq!((host.as_str(), port), expected);
        }
    }

    #[test]
    fn clocks_far_apart_are_told() {
        let now = SystemTime::now();
        for (date, expected) in [
            (now, "within a minute"),
            (now - Duration::from_hours(1), "3600 seconds ahead of"),
            (now + Duration::from_hours(1), "seconds behind"),
        ] {
            let mut findings = Findings::default();
            clock(date, now, &mut findings);
            assert!(findings.0[0].what.contains(expected), "{findings:?}");
        }
    }
}
