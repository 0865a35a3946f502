//! Which servers are believed to be who they say they are.

use std::sync::Arc;

use rustls::ClientConfig;
use rustls::crypto::ring;
use rustls::pki_types::CertificateDer;
use rustls::pki_types::pem::PemObject as _;
use rustls_platform_verifier::Verifier;

use super::HttpFailure;

/// Returns a configuration that trusts what the system trusts, and the certificates in these PEM files.
pub(super) fn config(extra: &[Arc<[u8]>]) -> Result<ClientConfig, HttpFailure> {
    let provider = Arc::new(ring::default_provider());
    let mut roots = Vec::new();
    for pem in extra {
        for certificate in CertificateDer::pem_slice_iter(pem) {
            roots.push(certificate.map_err(|error| HttpFailure::certificates(&error))?);
        }
    }
    let verifier = Verifier::new_with_extra_roots(roots, Arc::clone(&provider))
        .map_err(|error| HttpFailure::certificates(&error))?;
    let config = ClientConfig::builder_with_provider(provider)
        .with_safe_default_protocol_versions()
        .map_err(|error| HttpFailure::certificates(&error))?
        .dangerous()
        .with_custom_certificate_verifier(Arc::new(verifier))
        .with_no_client_auth();
    Ok(config)
}
