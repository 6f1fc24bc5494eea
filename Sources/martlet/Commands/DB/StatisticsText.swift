import CanonicalJSON
import ServerConfiguration

/// The statistics of the databases as text for people: a paragraph for each database, with a table of its maps.
struct StatisticsText {
    private let statistics: JSONObject

    init(_ statistics: JSONObject) {
        self.statistics = statistics
    }

    var text: String {
        var parts: [String] = []
        if let cache = statistics["block_cache"]?.objectValue {
            parts.append("block cache: \(ByteSize(cache.number("bytes"))) of \(ByteSize(cache.number("capacity_bytes")))")
        }
        for case .object(let database) in statistics["databases"]?.arrayValue ?? [] {
            parts.append((header(database) + table(database)).joined(separator: "\n"))
        }
        return parts.joined(separator: "\n\n")
    }

    private func header(_ database: JSONObject) -> [String] {
        let health =
            switch database["healthy"]?.boolValue {
            case nil: "not running"
            case true?: "well"
            case false?: "can't write: \(database.text("failure"))"
            }
        var lines = [
            "\(database.text("name")) (\(health))",
            "  server \(database.text("server_name")), schema version \(database.number("schema_version")), "
                + "position \(database.number("position")), log from \(database.number("log_floor"))",
        ]
        if database.number("open_intents") > 0 { lines.append("  open intents: \(database.number("open_intents"))") }
        for case .object(let intent) in database["intents"]?.arrayValue ?? [] {
            guard let error = intent["error"]?.stringValue else { continue }
            lines.append("  intent \(intent.number("id")) \(intent.text("kind")), failed: \(error)")
        }
        for case .object(let follower) in database["followers"]?.arrayValue ?? [] {
            lines.append(
                "  follower \(follower.text("name")): at \(follower.number("position")), \(follower.number("lag")) entries behind"
                    + failures(follower))
        }
        for case .object(let job) in database["jobs"]?.arrayValue ?? [] {
            let total = job["total"]?.integerValue.map { " of \($0)" } ?? ""
            lines.append("  job \(job.number("id")) \(job.text("kind")): \(job.number("done"))\(total) done\(failures(job))")
        }
        return lines
    }

    private func failures(_ work: JSONObject) -> String {
        work.number("failures") > 0 ? ", failed \(work.number("failures")) times: \(work.text("error"))" : ""
    }

    private func table(_ database: JSONObject) -> [String] {
        var rows = [["MAP", "KEYS", "DISK", "MEMORY", "CACHE HITS"]]
        for case .object(let map) in database["maps"]?.arrayValue ?? [] {
            rows.append([map.text("name"), "\(map.number("keys"))", "\(ByteSize(map.number("disk_bytes")))", memory(map), cacheHits(map)])
        }
        let widths = rows[0].indices.map { column in rows.map { $0[column].utf8.count }.max() ?? 0 }
        return rows.map { row in
            let cells = row.enumerated().map { column, cell in
                let space = String(repeating: " ", count: widths[column] - cell.utf8.count)
                return column == 0 ? cell + space : space + cell
            }
            return "  " + cells.joined(separator: "  ")
        }
    }

    private func memory(_ map: JSONObject) -> String {
        guard let memtable = map["memtable_bytes"]?.integerValue else { return "-" }
        return "\(ByteSize(memtable + map.number("table_reader_bytes")))"
    }

    private func cacheHits(_ map: JSONObject) -> String {
        guard let hits = map["cache_hits"]?.integerValue else { return "-" }
        let needed = hits + map.number("cache_misses")
        return needed == 0 ? "-" : "\(hits * 100 / needed) % of \(needed)"
    }
}

extension JSONObject {
    fileprivate func number(_ key: String) -> Int64 { self[key]?.integerValue ?? 0 }

    fileprivate func text(_ key: String) -> String { self[key]?.stringValue ?? "" }
}
