import { execFileSync } from 'node:child_process';
import { existsSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { PROGRAM_FOLDERS } from './debianPostgres.ts';
import { atFileEnd } from './fileEnd.ts';

/** Whether certificates can be made. */
export const HAS_OPENSSL = PROGRAM_FOLDERS.some((folder) => existsSync(join(folder, 'openssl')));

/** A certificate and its key, as files. */
export interface Certificate {
  readonly certificate: string;
  readonly key: string;
}

/** Creates a certificate for a host name. It is signed by the issuer, or by itself and then also an authority. */
export function newCertificate(name: string, issuer?: Certificate): Certificate {
  const folder = mkdtempSync(join(tmpdir(), 'escrowgrid-certificate-'));
  atFileEnd(() => rmSync(folder, { recursive: true }));
  const [key, request, certificate, extensions] = ['key', 'csr', 'crt', 'ext'].map((part) => join(folder, part)) as [
    string,
    string,
    string,
    string,
  ];
  const openssl = (...options: readonly string[]): void => {
    execFileSync('openssl', options, { stdio: 'ignore' });
  };
  openssl('req', '-new', '-newkey', 'rsa:2048', '-nodes', '-keyout', key, '-out', request, '-subj', `/CN=${name}`);
  const isAuthority = issuer === undefined ? 'TRUE' : 'FALSE';
  writeFileSync(extensions, `subjectAltName=DNS:${name}\nbasicConstraints=critical,CA:${isAuthority}\n`);
  const signing = issuer
    ? ['-CA', issuer.certificate, '-CAkey', issuer.key, '-set_serial', '2']
    : ['-signkey', key, '-set_serial', '1'];
  openssl('x509', '-req', '-in', request, ...signing, '-days', '2', '-extfile', extensions, '-out', certificate);
  return { certificate, key };
}
