import { closeSync, fstatSync, openSync, readSync } from 'node:fs';
import { crc32 } from 'node:zlib';

/**
 * A ZIP archive in one form only: stored without compression, no times, no extra fields, no comment, sizes in a data descriptor. Any tool opens
 * it; because each byte of it follows from the files' names and contents, a reader can also refuse every bit that does not.
 */

/** A file of an archive. Its path is relative, with `/`, of the characters that every file system takes. */
export interface ArchiveFile {
  path: string;
  content: Iterable<Uint8Array> | AsyncIterable<Uint8Array>;
}

interface Member {
  path: string;
  crc: number;
  bytes: number;
  offset: number;
}

const signatures = { local: 0x04034b50, descriptor: 0x08074b50, central: 0x02014b50, end: 0x06054b50 };
const madeBy = 20;
/** Sizes follow the content (bit 3), names are UTF-8 (bit 11). */
const flags = 0x0808;
/** 1 January 1980, the first day that the format knows. */
const day = 0x0021;
const largest = 0xffff_ffff;
const pathForm = /^(?!.*\.\.)[A-Za-z0-9][A-Za-z0-9._/-]{0,199}$/;

/** Writes an archive of up to 4 GiB, chunk by chunk. Throws a RangeError for a path or a size that the form can't hold. */
export async function* writeArchive(
  files: Iterable<ArchiveFile> | AsyncIterable<ArchiveFile>,
): AsyncGenerator<Uint8Array> {
  const members: Member[] = [];
  const taken = new Set<string>();
  let offset = 0;
  for await (const { path, content } of files) {
    if (!isFree(path, taken)) throw new RangeError(`an archive can't hold a file ${path}, or has it already`);
    if (members.length >= 0xffff) throw new RangeError('an archive may have 65535 files at most');
    const member = { path, crc: 0, bytes: 0, offset };
    const head = localHeader(path);
    yield head;
    for await (const chunk of content) {
      member.crc = crc32(chunk, member.crc);
      member.bytes += chunk.length;
      yield chunk;
    }
    yield descriptor(member);
    offset += head.length + member.bytes + descriptorBytes;
    if (offset > largest) throw new RangeError('an archive may have 4 GiB at most');
    members.push(member);
  }
  yield directory(members, offset);
}

/** An archive that is not in the form that {@link writeArchive} writes: `message` says where. */
export class ArchiveFault extends Error {
  override readonly name = 'ArchiveFault';
}

/** A file as it lies in an archive. */
export interface ArchiveMember {
  path: string;
  bytes: number;
  /** The content in chunks; each is only valid until the next is asked for. Throws an ArchiveFault when its checksum is another. */
  content(): Generator<Uint8Array>;
}

/**
 * Reads an archive from a file in constant memory.
 * @throws ArchiveFault unless every byte outside the contents is what {@link writeArchive} would write.
 */
export class Archive {
  readonly members: readonly ArchiveMember[];
  readonly #file: number;

  constructor(file: string) {
    this.#file = openSync(file, 'r');
    try {
      this.members = this.#read(fstatSync(this.#file).size);
    } catch (error) {
      this.close();
      throw error;
    }
  }

  close(): void {
    closeSync(this.#file);
  }

  #read(size: number): ArchiveMember[] {
    if (size < endBytes) throw new ArchiveFault('it is too short to be an archive');
    const end = this.#bytes(size - endBytes, endBytes);
    if (end.readUInt32LE(0) !== signatures.end) throw new ArchiveFault('its end is missing');
    const at = end.readUInt32LE(16);
    if (at + end.readUInt32LE(12) + endBytes !== size) throw new ArchiveFault('its directory lies elsewhere');
    const found = this.#bytes(at, size - at);
    const members = parseDirectory(found, end.readUInt16LE(10));
    if (!directory(members, at).equals(found)) throw new ArchiveFault('its directory was altered');
    let offset = 0;
    for (const member of members) {
      if (member.offset !== offset) throw new ArchiveFault(`${member.path} lies elsewhere`);
      const head = localHeader(member.path);
      if (offset + head.length + member.bytes + descriptorBytes > at)
        throw new ArchiveFault(`${member.path} is too long`);
      if (!this.#bytes(offset, head.length).equals(head))
        throw new ArchiveFault(`the head of ${member.path} was altered`);
      offset += head.length + member.bytes;
      if (!this.#bytes(offset, descriptorBytes).equals(descriptor(member)))
        throw new ArchiveFault(`the end of ${member.path} was altered`);
      offset += descriptorBytes;
    }
    if (offset !== at) throw new ArchiveFault('there is something between its last file and its directory');
    return members.map((member) => ({
      path: member.path,
      bytes: member.bytes,
      content: () => this.#content(member),
    }));
  }

  *#content(member: Member): Generator<Uint8Array> {
    const chunk = Buffer.allocUnsafe(Math.min(1 << 20, Math.max(member.bytes, 1)));
    let at = member.offset + localHeader(member.path).length;
    let crc = 0;
    for (let left = member.bytes; left > 0;) {
      const read = readSync(this.#file, chunk, 0, Math.min(chunk.length, left), at);
      if (read === 0) throw new ArchiveFault(`${member.path} ends too early`);
      const content = chunk.subarray(0, read);
      crc = crc32(content, crc);
      at += read;
      left -= read;
      yield content;
    }
    if (crc !== member.crc) throw new ArchiveFault(`the content of ${member.path} was altered`);
  }

  #bytes(at: number, length: number): Buffer {
    const bytes = Buffer.alloc(length);
    if (readSync(this.#file, bytes, 0, length, at) !== length) throw new ArchiveFault('it ends too early');
    return bytes;
  }
}

const descriptorBytes = 16;
const endBytes = 22;
const centralBytes = 46;

function localHeader(path: string): Buffer {
  const name = Buffer.from(path, 'utf8');
  const head = Buffer.alloc(30);
  head.writeUInt32LE(signatures.local, 0);
  head.writeUInt16LE(madeBy, 4);
  head.writeUInt16LE(flags, 6);
  head.writeUInt16LE(day, 12);
  head.writeUInt16LE(name.length, 26);
  return Buffer.concat([head, name]);
}

function descriptor({ crc, bytes }: Member): Buffer {
  const tail = Buffer.alloc(descriptorBytes);
  tail.writeUInt32LE(signatures.descriptor, 0);
  tail.writeUInt32LE(crc, 4);
  tail.writeUInt32LE(bytes, 8);
  tail.writeUInt32LE(bytes, 12);
  return tail;
}

function directory(members: readonly Member[], at: number): Buffer {
  const parts = members.map(({ path, crc, bytes, offset }) => {
    const name = Buffer.from(path, 'utf8');
    const head = Buffer.alloc(centralBytes);
    head.writeUInt32LE(signatures.central, 0);
    head.writeUInt16LE(madeBy, 4);
    head.writeUInt16LE(madeBy, 6);
    head.writeUInt16LE(flags, 8);
    head.writeUInt16LE(day, 14);
    head.writeUInt32LE(crc, 16);
    head.writeUInt32LE(bytes, 20);
    head.writeUInt32LE(bytes, 24);
    head.writeUInt16LE(name.length, 28);
    head.writeUInt32LE(offset, 42);
    return Buffer.concat([head, name]);
  });
  const listed = Buffer.concat(parts);
  const end = Buffer.alloc(endBytes);
  end.writeUInt32LE(signatures.end, 0);
  end.writeUInt16LE(members.length, 8);
  end.writeUInt16LE(members.length, 10);
  end.writeUInt32LE(listed.length, 12);
  end.writeUInt32LE(at, 16);
  return Buffer.concat([listed, end]);
}

/** What the directory says; only believed once {@link directory} has written the same again. */
function parseDirectory(listed: Buffer, count: number): Member[] {
  const members: Member[] = [];
  const taken = new Set<string>();
  let at = 0;
  for (let index = 0; index < count; index += 1) {
    if (at + centralBytes > listed.length) throw new ArchiveFault('its directory ends too early');
    const name = listed.subarray(at + centralBytes, at + centralBytes + listed.readUInt16LE(at + 28)).toString('utf8');
    const member = {
      path: name,
      crc: listed.readUInt32LE(at + 16),
      bytes: listed.readUInt32LE(at + 24),
      offset: listed.readUInt32LE(at + 42),
    };
    if (!isFree(name, taken)) throw new ArchiveFault('its directory names a file that it can not hold');
    members.push(member);
    at += centralBytes + Buffer.byteLength(name, 'utf8');
  }
  return members;
}

/** Takes a path unless it is no path of an archive or is taken, also by one that differs in case alone: some file systems would mix them up. */
function isFree(path: string, taken: Set<string>): boolean {
  const folded = path.toLowerCase();
  if (!pathForm.test(path) || taken.has(folded)) return false;
  taken.add(folded);
  return true;
}
