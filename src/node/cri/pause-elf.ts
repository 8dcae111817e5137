/**
 * The pause program, assembled here: the process that holds a pod's namespaces has to exist without a compiler and without a registry.
 *
 * All it does: block SIGINT, SIGTERM and SIGCHLD, wait for one of them, reap children on SIGCHLD (with a shared PID namespace it is
 * everybody's init), exit 0 on the others. Blocked signals reach even a PID 1 that has no handlers, because the kernel never discards
 * a signal that is blocked. In C:
 *
 *     sigprocmask(SIG_BLOCK, &set);
 *     for (;;) { int s = sigtimedwait(&set); if (s == SIGCHLD) while (waitpid(-1, 0, WNOHANG) > 0); else if (s > 0) exit(0); }
 *
 * @source System V ABI (ELF64 header), Linux syscall tables x86_64 and arm64
 */
const BASE = 0x400000;
const HEADER_SIZE = 64 + 56;
const SIGNAL_SET = (1n << (2n - 1n)) | (1n << (15n - 1n)) | (1n << (17n - 1n));

export type Architecture = "amd64" | "arm64";

/** A static ELF executable of about 200 bytes. */
export function pauseElf(architecture: Architecture): Buffer {
  const code = architecture === "amd64" ? amd64() : arm64();
  const size = HEADER_SIZE + 8 + code.length;
  const file = Buffer.alloc(size);
  file.set([0x7f, 0x45, 0x4c, 0x46, 2, 1, 1], 0); // magic, 64 bit, little endian, version 1
  file.writeUInt16LE(2, 16); // ET_EXEC
  file.writeUInt16LE(architecture === "amd64" ? 62 : 183, 18);
  file.writeUInt32LE(1, 20);
  file.writeBigUInt64LE(BigInt(BASE + HEADER_SIZE + 8), 24); // entry, after the signal set
  file.writeBigUInt64LE(64n, 32); // program headers
  file.writeUInt16LE(64, 52);
  file.writeUInt16LE(56, 54);
  file.writeUInt16LE(1, 56); // one program header
  file.writeUInt32LE(1, 64); // PT_LOAD
  file.writeUInt32LE(5, 68); // read, execute
  file.writeBigUInt64LE(BigInt(BASE), 80);
  file.writeBigUInt64LE(BigInt(BASE), 88);
  file.writeBigUInt64LE(BigInt(size), 96);
  file.writeBigUInt64LE(BigInt(size), 104);
  file.writeBigUInt64LE(0x10000n, 112); // alignment: 64 KiB pages exist on arm64
  file.writeBigUInt64LE(SIGNAL_SET, HEADER_SIZE);
  code.copy(file, HEADER_SIZE + 8);
  return file;
}

/** Syscalls: rt_sigprocmask 14, rt_sigtimedwait 128, wait4 61, exit 60. */
function amd64(): Buffer {
  const set = Buffer.alloc(4);
  set.writeUInt32LE(BASE + HEADER_SIZE);
  const address = set.toString("hex");
  const code = [
    "31ff", //              xor edi, edi                 SIG_BLOCK
    `be${address}`, //      mov esi, set
    "31d2", //              xor edx, edx
    "6a08 415a", //         push 8; pop r10              bytes in the set
    "6a0e 58 0f05", //      push 14; pop rax; syscall
    // wait (18):
    `bf${address}`, //      mov edi, set
    "31f6 31d2", //         xor esi, esi; xor edx, edx
    "6a08 415a", //         push 8; pop r10
    "b880000000 0f05", //   mov eax, 128; syscall
    "83f811", //            cmp eax, SIGCHLD
    "740b", //              je reap
    "85c0", //              test eax, eax
    "7ee3", //              jle wait                     interrupted
    "31ff", //              xor edi, edi
    "6a3c 58 0f05", //      push 60; pop rax; syscall
    // reap (54):
    "6aff 5f", //           push -1; pop rdi
    "31f6", //              xor esi, esi
    "6a01 5a", //           push 1; pop rdx              WNOHANG
    "4531d2", //            xor r10d, r10d
    "6a3d 58 0f05", //      push 61; pop rax; syscall
    "85c0", //              test eax, eax
    "7fec", //              jg reap
    "ebc6", //              jmp wait
  ];
  return Buffer.from(code.join("").replaceAll(" ", ""), "hex");
}

/** Syscalls: rt_sigprocmask 135, rt_sigtimedwait 137, wait4 260, exit 93. */
function arm64(): Buffer {
  const mov = (register: number, value: number) => (0xd2800000 | (value << 5) | register) >>> 0;
  const movNegative1 = (register: number) => (0x92800000 | register) >>> 0;
  const svc = 0xd4000001;
  const at = (words: number) => words & 0x7ffff;
  // The signal set lies 8 bytes before the first instruction: adr x, -(8 + 4 * index).
  const adrSet = (register: number, index: number) => {
    const offset = -(8 + 4 * index);
    return (0x10000000 | ((offset & 3) << 29) | (((offset >> 2) & 0x7ffff) << 5) | register) >>> 0;
  };
  const branchIf = (condition: number, words: number) => (0x54000000 | (at(words) << 5) | condition) >>> 0;
  const [equal, lessOrEqual, greater] = [0, 13, 12];
  const code = [
    mov(0, 0), //              0  SIG_BLOCK
    adrSet(1, 1), //           1
    mov(2, 0), //              2
    mov(3, 8), //              3
    mov(8, 135), //            4
    svc, //                    5
    adrSet(0, 6), //           6  wait:
    mov(1, 0), //              7
    mov(2, 0), //              8
    mov(3, 8), //              9
    mov(8, 137), //           10
    svc, //                   11
    0xf100441f, //            12  cmp x0, SIGCHLD
    branchIf(equal, 6), //    13  reap
    0xf100001f, //            14  cmp x0, 0
    branchIf(lessOrEqual, -9), // 15  wait
    mov(0, 0), //             16
    mov(8, 93), //            17  exit
    svc, //                   18
    movNegative1(0), //       19  reap:
    mov(1, 0), //             20
    mov(2, 1), //             21  WNOHANG
    mov(3, 0), //             22
    mov(8, 260), //           23
    svc, //                   24
    0xf100001f, //            25  cmp x0, 0
    branchIf(greater, -7), // 26  reap
    0x14000000 | (-21 & 0x3ffffff), // 27  b wait
  ];
  const bytes = Buffer.alloc(code.length * 4);
  code.forEach((word, index) => bytes.writeUInt32LE(word >>> 0, index * 4));
  return bytes;
}
