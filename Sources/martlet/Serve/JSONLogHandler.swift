import CanonicalJSON
import Glibc
import Logging
import Store

/// Writes each log entry as a JSON object on a line of its own: `time` (milliseconds since 1970), `level`, `label`, `message`, and the
/// entry's metadata under `metadata`.
struct JSONLogHandler: LogHandler {
    let label: String
    let clock: any Clock
    var logLevel = Logger.Level.info
    var metadata: Logger.Metadata = [:]
    var metadataProvider: Logger.MetadataProvider?

    init(label: String, clock: any Clock) {
        self.label = label
        self.clock = clock
    }

    subscript(metadataKey key: String) -> Logger.Metadata.Value? {
        get { metadata[key] }
        set { metadata[key] = newValue }
    }

    func log(event: LogEvent) {
        var line: JSONObject = [
            "time": .integer(clock.now()),
            "level": .string(event.level.rawValue),
            "label": .string(label),
            "message": .string(event.message.description),
        ]
        line["error"] = event.error.map { .string("\($0)") }
        var metadata = metadata
        metadata.merge(metadataProvider?.get() ?? [:]) { $1 }
        metadata.merge(event.metadata ?? [:]) { $1 }
        if !metadata.isEmpty { line["metadata"] = .object(object(metadata)) }
        let bytes = line.encoded() + [UInt8(ascii: "\n")]
        // One call for a line, so that lines of several threads do not mix. A log that cannot be written is no reason to stop.
        _ = write(STDERR_FILENO, bytes, bytes.count)
    }

    private func object(_ metadata: Logger.Metadata) -> JSONObject {
        var object = JSONObject()
        for (key, value) in metadata { object[key] = json(value) }
        return object
    }

    private func json(_ value: Logger.Metadata.Value) -> JSONValue {
        switch value {
        case .string(let text): .string(text)
        case .stringConvertible(let value): .string(value.description)
        case .array(let values): .array(values.map(json))
        case .dictionary(let values): .object(object(values))
        }
    }
}
