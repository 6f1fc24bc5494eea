import Glibc

/// How much of a database is known to be on the disk: what the file `durable` in its directory says.
///
/// It is written after each sync of the log and not synced itself, so it may lag behind what is on the disk, and never leads. RocksDB opens a
/// database whose log has lost its end, or is missing, as if nothing had ever been there; this file knows better.
///
/// The file has two places that are written in turn, so that one is whole when writing the other is interrupted. Numbers are big-endian.
struct DurableMark: Sendable, Equatable {
    /// A write-ahead log.
    struct Log: Sendable, Equatable {
        let number: UInt64
        let sizeBytes: UInt64

        /// The file's name.
        var name: String {
            let digits = "\(number)"
            return String(repeating: "0", count: max(0, 6 - digits.utf8.count)) + digits + ".log"
        }
    }

    /// RocksDB's sequence number of the last write that is on the disk.
    var sequence: UInt64
    /// Logs that hold some of it, and how long they are at least.
    var logs: [Log]
    /// Counts the writings of the file; the place with the larger number is the newer one.
    var generation: UInt64 = 0

    static let fileName = "durable"
    /// The size of one place in the file: what a disk writes at once.
    static let placeBytes = 512
    private static let magic = Array("martldur".utf8)
    /// The most logs that have room, the newest ones.
    private static let logsMax = 29

    init(sequence: UInt64, logs: [Log]) {
        self.sequence = sequence
        self.logs = logs
    }

    /// The place's bytes.
    var encoded: [UInt8] {
        var bytes = Self.magic
        let kept = logs.suffix(Self.logsMax)
        for number in [generation, sequence, UInt64(kept.count)] { bytes += number.encoded }
        for log in kept { bytes += log.number.encoded + log.sizeBytes.encoded }
        bytes += [UInt8](repeating: 0, count: Self.placeBytes - 8 - bytes.count)
        return bytes + Self.checksum(of: bytes[...]).encoded
    }

    /// Nil when the bytes are not those of a place that was written whole.
    init?(encoded bytes: ArraySlice<UInt8>) {
        guard bytes.count == Self.placeBytes, bytes.starts(with: Self.magic) else { return nil }
        let numbers = stride(from: bytes.startIndex + 8, to: bytes.endIndex, by: 8).map { start in
            bytes[start..<start + 8].reduce(0 as UInt64) { $0 << 8 | UInt64($1) }
        }
        guard numbers.last == Self.checksum(of: bytes.dropLast(8)), numbers[2] <= Self.logsMax else { return nil }
        generation = numbers[0]
        sequence = numbers[1]
        logs = (0..<Int(numbers[2])).map { Log(number: numbers[3 + 2 * $0], sizeBytes: numbers[4 + 2 * $0]) }
    }

    /// What the directory's file says; nil when there is none.
    ///
    /// - Throws: `StoreError.damaged` when neither place is whole; `StoreError.dataDirectory`.
    static func read(in directory: String) throws(StoreError) -> DurableMark? {
        let path = "\(directory)/\(fileName)"
        guard let bytes = try DurableFile.read(path) else { return nil }
        let places = [bytes.prefix(placeBytes), bytes.dropFirst(placeBytes).prefix(placeBytes)].compactMap { DurableMark(encoded: $0) }
        guard let newest = places.max(by: { $0.generation < $1.generation }) else { throw .damaged("\(path) is damaged") }
        return newest
    }

    /// Makes the directory's file, or makes it anew; it is on the disk when this returns.
    func write(in directory: String) throws(StoreError) {
        try DurableFile.write(encoded + encoded, to: "\(directory)/\(Self.fileName)", in: directory)
    }

    /// The logs that are there now, in their order.
    static func logs(in directory: String) throws(StoreError) -> [Log] {
        var logs: [Log] = []
        for name in try DirectoryTree.names(in: directory) where name.hasSuffix(".log") {
            guard let number = UInt64(name.dropLast(4)) else { continue }
            // One that RocksDB has just removed holds nothing that is needed.
            guard let size = fileSize("\(directory)/\(name)") else { continue }
            logs.append(Log(number: number, sizeBytes: size))
        }
        return logs.sorted { $0.number < $1.number }
    }

    /// A file's size in bytes; nil if there is none.
    static func fileSize(_ path: String) -> UInt64? {
        var status = stat()
        return stat(path, &status) == 0 ? UInt64(status.st_size) : nil
    }

    /// FNV-1a with 64 bits.
    private static func checksum(of bytes: ArraySlice<UInt8>) -> UInt64 {
        bytes.reduce(0xcbf2_9ce4_8422_2325) { ($0 ^ UInt64($1)) &* 0x100_0000_01b3 }
    }
}
