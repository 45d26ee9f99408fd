import { createHash, createPublicKey, type KeyObject, sign } from 'node:crypto';
import ipaddr from 'ipaddr.js';
import * as der from './der.ts';

/** What an X.509 certificate (RFC 5280) of ours says. Keys are EC P-256, signatures ECDSA with SHA-256. */
export interface CertificateRequest {
  readonly subject: string;
  readonly issuer: string;
  readonly publicKey: KeyObject;
  /** The issuer's private key. */
  readonly signingKey: KeyObject;
  readonly serial: Uint8Array;
  readonly notBefore: Date;
  readonly notAfter: Date;
  /** An authority that signs servers only, or a server of these DNS names and IP addresses. */
  readonly use:
    | { readonly kind: 'authority' }
    | { readonly kind: 'server'; readonly names: readonly string[] };
}

const oid = {
  commonName: '2.5.4.3',
  ecdsaWithSha256: '1.2.840.10045.4.3.2',
  subjectKeyIdentifier: '2.5.29.14',
  keyUsage: '2.5.29.15',
  subjectAltName: '2.5.29.17',
  extensionRequest: '1.2.840.113549.1.9.14',
  basicConstraints: '2.5.29.19',
  authorityKeyIdentifier: '2.5.29.35',
  extKeyUsage: '2.5.29.37',
  serverAuth: '1.3.6.1.5.5.7.3.1',
} as const;

const signatureAlgorithm = der.sequence(der.objectIdentifier(oid.ecdsaWithSha256));

const distinguishedName = (commonName: string) =>
  der.sequence(der.set(der.sequence(der.objectIdentifier(oid.commonName), der.utf8String(commonName))));

const extension = (id: string, critical: boolean, value: Uint8Array) =>
  der.sequence(der.objectIdentifier(id), ...(critical ? [der.boolean(true)] : []), der.octetString(value));

const publicKeyInfo = (key: KeyObject) => key.export({ type: 'spki', format: 'der' });

/** RFC 7093 §2, method 1: 160 bits of SHA-256 over the public key's bits, a P-256 point of 65 bytes at the end. */
function keyIdentifier(key: KeyObject): Uint8Array {
  return createHash('sha256').update(publicKeyInfo(key).subarray(-65)).digest().subarray(0, 20);
}

function generalName(name: string): Uint8Array {
  if (ipaddr.isValid(name)) return der.taggedPrimitive(7, Uint8Array.from(ipaddr.parse(name).toByteArray()));
  return der.taggedPrimitive(2, Buffer.from(name, 'latin1'));
}

function extensions(request: CertificateRequest): Uint8Array {
  const { use } = request;
  const authority = use.kind === 'authority';
  const identifiers = [
    extension(oid.subjectKeyIdentifier, false, der.octetString(keyIdentifier(request.publicKey))),
    extension(
      oid.authorityKeyIdentifier,
      false,
      der.sequence(der.taggedPrimitive(0, keyIdentifier(createPublicKey(request.signingKey)))),
    ),
  ];
  const uses = authority
    ? [
        extension(
          oid.basicConstraints,
          true,
          der.sequence(der.boolean(true), der.integer(Uint8Array.of(0))), // cA, no authorities below it
        ),
        extension(oid.keyUsage, true, der.bitString(Uint8Array.of(0x06), 1)), // keyCertSign, cRLSign
      ]
    : [
        extension(oid.basicConstraints, true, der.sequence()),
        extension(oid.keyUsage, true, der.bitString(Uint8Array.of(0x80), 7)), // digitalSignature
        extension(oid.extKeyUsage, false, der.sequence(der.objectIdentifier(oid.serverAuth))),
        extension(oid.subjectAltName, false, der.sequence(...use.names.map(generalName))),
      ];
  return der.sequence(...uses, ...identifiers);
}

/** Asks an authority for a certificate of a server (PKCS #10, RFC 2986): DER. The names are in the extension alone; CN is of no use any more. */
export function certificateSigningRequest(
  names: readonly string[],
  publicKey: KeyObject,
  privateKey: KeyObject,
): Uint8Array {
  const wanted = der.sequence(extension(oid.subjectAltName, false, der.sequence(...names.map(generalName))));
  const info = der.sequence(
    der.integer(Uint8Array.of(0)),
    der.sequence(),
    publicKeyInfo(publicKey),
    der.tagged(0, der.sequence(der.objectIdentifier(oid.extensionRequest), der.set(wanted))),
  );
  return der.sequence(info, signatureAlgorithm, der.bitString(sign('sha256', info, privateKey)));
}

/** The signed certificate as PEM. */
export function issueCertificate(request: CertificateRequest): string {
  const toBeSigned = der.sequence(
    der.tagged(0, der.integer(Uint8Array.of(2))), // version 3
    der.integer(request.serial),
    signatureAlgorithm,
    distinguishedName(request.issuer),
    der.sequence(der.time(request.notBefore), der.time(request.notAfter)),
    distinguishedName(request.subject),
    publicKeyInfo(request.publicKey),
    der.tagged(3, extensions(request)),
  );
  const signature = sign('sha256', toBeSigned, request.signingKey);
  const certificate = der.sequence(toBeSigned, signatureAlgorithm, der.bitString(signature));
  const lines =
    Buffer.from(certificate)
      .toString('base64')
      .match(/.{1,64}/g) ?? [];
  return `-----BEGIN CERTIFICATE-----\n${lines.join('\n')}\n-----END CERTIFICATE-----\n`;
}
