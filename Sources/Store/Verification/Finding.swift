/// Something that is wrong in a database's files.
package struct Finding: Sendable, Hashable {
    /// The database's name.
    package let database: String
    /// The map that it is in; nil for the database as a whole.
    package let map: String?
    /// The entry's key in the form in which people read it; nil when it isn't about one entry.
    package let key: ReadableValue?
    /// What is wrong.
    package let problem: String

    package init(database: String, map: String?, key: ReadableValue? = nil, problem: String) {
        self.database = database
        self.map = map
        self.key = key
        self.problem = problem
    }
}

extension Finding: CustomStringConvertible {
    /// `rooms, eventid_pduid, $abc: has no entry in pduid_pdu`.
    package var description: String {
        [database, map, key?.line].compactMap(\.self).joined(separator: ", ") + ": " + problem
    }
}

extension ReadableValue {
    /// The value on one line, for a message.
    package var line: String {
        switch self {
        case .null: "null"
        case .bool(let bool): "\(bool)"
        case .integer(let integer): "\(integer)"
        case .text(let text): text
        case .bytes(let bytes): Hexadecimal.encode(bytes)
        case .list(let elements): "[" + elements.map(\.line).joined(separator: ", ") + "]"
        case .object(let members): "{" + members.map { "\($0.name): \($0.value.line)" }.joined(separator: ", ") + "}"
        }
    }
}

/// What a verification has looked at and found.
package struct VerificationResult: Sendable {
    /// The database's name.
    package let database: String
    /// How many entries were read.
    package internal(set) var entries = 0
    /// How many table files were checked block by block.
    package internal(set) var tables = 0
    /// The newest position that the database has given out; zero before any.
    package internal(set) var position = Position(0)
    /// The first of what is wrong, at most `keptMax`.
    package private(set) var findings: [Finding] = []
    /// How much is wrong altogether.
    package private(set) var findingCount = 0

    /// One damaged map can be wrong in every entry; so many say what there is to say.
    package static let keptMax = 1000

    package init(database: String) {
        self.database = database
    }

    mutating func add(_ finding: Finding) {
        findingCount += 1
        if findings.count < Self.keptMax { findings.append(finding) }
    }
}
