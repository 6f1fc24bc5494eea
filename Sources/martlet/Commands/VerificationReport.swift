import ArgumentParser
import CanonicalJSON
import Homeserver
import Store

/// What a verification has found, as the commands print it.
struct VerificationReport {
    private let results: [VerificationResult]

    init(_ results: [VerificationResult]) {
        self.results = results
    }

    /// Prints it.
    ///
    /// - Throws: the status 1 when anything is wrong.
    func print(asJSON: Bool) throws {
        Swift.print(asJSON ? String(decoding: json.encoded(), as: UTF8.self) : text)
        if results.contains(where: { $0.findingCount > 0 }) { throw ExitCode.failure }
    }

    /// A line for each finding, and one for each database.
    private var text: String {
        let findings = results.flatMap { $0.findings.map(\.description) }
        let databases = results.map { result in
            "\(result.database): \(result.entries) entries and \(result.tables) tables read, "
                + (result.findingCount == 0
                    ? "nothing is wrong"
                    : result.findingCount == 1 ? "1 thing is wrong" : "\(result.findingCount) things are wrong")
        }
        return (findings + databases).joined(separator: "\n")
    }

    private var json: JSONObject {
        [
            "ok": .bool(results.allSatisfy { $0.findingCount == 0 }),
            "databases": .array(
                results.map { result in
                    [
                        "name": .string(result.database), "entries": .integer(Int64(result.entries)),
                        "tables": .integer(Int64(result.tables)), "findings_count": .integer(Int64(result.findingCount)),
                        "findings": .array(result.findings.map { .object($0.json) }),
                    ]
                }),
        ]
    }
}
