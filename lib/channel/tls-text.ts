/**
 * What goes wrong with TLS, in words: codes of Node's verification of certificates, and of OpenSSL's errors and alerts.
 * An alert is what the other side thinks of this one's certificate.
 */

const TRUST = "the peer's certificate isn't signed by the CA of --ca-cert (tls.ca)";
const PLAIN = "the peer doesn't speak TLS (both ends need it: ssl: and pssl:, or tcp: and ptcp:)";
const UNTRUSTED = "the peer doesn't trust this end's certificate";

/** Code → what it says. */
const TEXTS: Readonly<Record<string, string>> = {
  SELF_SIGNED_CERT_IN_CHAIN: TRUST,
  DEPTH_ZERO_SELF_SIGNED_CERT: TRUST,
  UNABLE_TO_GET_ISSUER_CERT: TRUST,
  UNABLE_TO_GET_ISSUER_CERT_LOCALLY: TRUST,
  UNABLE_TO_VERIFY_LEAF_SIGNATURE: TRUST,
  CERT_SIGNATURE_FAILURE: TRUST,
  INVALID_CA: TRUST,
  INVALID_PURPOSE: "the peer's certificate is not meant for TLS of its side",
  CERT_HAS_EXPIRED: "the peer's certificate, or its CA's, has expired",
  CERT_NOT_YET_VALID: "the peer's certificate, or its CA's, is not valid yet",
  CERT_REVOKED: "the peer's certificate was revoked",
  UNSPECIFIED: 'the peer shows no certificate',
  ERR_SSL_PEER_DID_NOT_RETURN_A_CERTIFICATE: 'the peer shows no certificate',
  ERR_SSL_WRONG_VERSION_NUMBER: PLAIN,
  ERR_SSL_PACKET_LENGTH_TOO_LONG: PLAIN,
  ERR_SSL_RECORD_LAYER_FAILURE: PLAIN,
  ERR_SSL_HTTP_REQUEST: PLAIN,
  ERR_SSL_UNSUPPORTED_PROTOCOL: 'the peer speaks no TLS from 1.2 on',
  ERR_SSL_TLSV1_ALERT_PROTOCOL_VERSION: 'the peer speaks no TLS from 1.2 on',
  ERR_SSL_NO_SHARED_CIPHER: 'the peer has no cipher in common',
  ERR_SSL_SSLV3_ALERT_HANDSHAKE_FAILURE: 'the peer refuses the handshake',
  ERR_SSL_TLSV13_ALERT_CERTIFICATE_REQUIRED: 'the peer asks for a certificate',
  ERR_SSL_TLSV1_ALERT_UNKNOWN_CA: UNTRUSTED,
  ERR_SSL_SSLV3_ALERT_BAD_CERTIFICATE: UNTRUSTED,
  ERR_SSL_TLSV1_ALERT_DECRYPT_ERROR: UNTRUSTED,
  ERR_SSL_SSLV3_ALERT_CERTIFICATE_UNKNOWN: UNTRUSTED,
  ERR_SSL_SSLV3_ALERT_UNSUPPORTED_CERTIFICATE: UNTRUSTED,
  ERR_SSL_SSLV3_ALERT_CERTIFICATE_EXPIRED: "the peer finds this end's certificate expired",
  ERR_SSL_UNEXPECTED_EOF_WHILE_READING: 'closed by the peer',
};

/** What a code says; null where it is none of TLS. */
export function tlsText(code: string): string | null {
  if (Object.hasOwn(TEXTS, code)) return TEXTS[code];
  const [, reason] = /^ERR_SSL_(\w+)$/.exec(code) ?? [];
  return reason === undefined ? null : `TLS: ${reason.toLowerCase().replaceAll('_', ' ')}`;
}
