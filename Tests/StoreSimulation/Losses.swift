import FaultyDisk
import Glibc
import RocksDB
import Store
import StoreTestSupport

/// Cuts off what was synced, which no disk that works as it should does: the store has to refuse what is left when something is gone.
enum Losses {
    /// Makes a copy of a crash's image, cuts one database's newest log short anywhere, and opens that database.
    static func check(imageAt image: String, models: [DatabaseModel], seeded: SeededEnvironment, trace: Trace, _ dice: Dice) throws {
        let copy = "\(image)-cut"
        FaultyDisk(directory: image).takeImage(at: copy, losing: .none, seed: 0)
        let model = dice.pick(models)
        let directory = "\(copy)/\(model.name)"
        guard let log = newestLog(in: directory), let size = size(of: log), size > 0 else { return }
        let kept = dice.int(in: 0..<size)
        guard truncate(log, kept) == 0 else { throw Violation("\(log) can't be cut: \(errno)") }
        do {
            let database = try Database(
                schema: SimulationMaps.schema(model.name, version: model.schemaVersion), directory: directory, serverName: Life.serverName,
                blockCache: BlockCache(capacityBytes: 1 << 20), environment: seeded.environment, notifier: Notifier())
            defer { database.close() }
            let number = try database.snapshot().lastNumber
            trace.note("losses", "\(model.name) cut to \(kept) of \(size) bytes has \(number)")
            guard number >= model.bound else {
                throw Violation("\(model.name): its log was cut, and it opens at \(number) though \(model.bound) was answered or read")
            }
        } catch StoreError.behindDurable {
            trace.note("losses", "\(model.name) cut to \(kept) of \(size) bytes is refused")
        }
    }

    private static func newestLog(in directory: String) -> String? {
        guard let stream = opendir(directory) else { return nil }
        defer { closedir(stream) }
        var newest: String?
        while let entry = readdir(stream) {
            let name = withUnsafeBytes(of: &entry.pointee.d_name) { String(decoding: $0.prefix { $0 != 0 }, as: UTF8.self) }
            // Numbers of as many digits sort as text.
            if name.hasSuffix(".log"), newest.map({ $0 < name }) ?? true { newest = name }
        }
        return newest.map { "\(directory)/\($0)" }
    }

    private static func size(of path: String) -> Int? {
        var status = stat()
        return stat(path, &status) == 0 ? Int(status.st_size) : nil
    }
}
