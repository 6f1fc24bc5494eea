import CanonicalJSON
import Store

/// How many unread events of a room do something for one of its members, by thread, and of what that was counted.
package struct ThreadCounts: StoreCodable, Hashable {
    /// Up to which position the room's events were counted.
    package let evaluatedUpTo: Position
    /// What the count begins at: when the user has joined, or has read on, whichever came last. With another one it says nothing any more.
    package let basis: Position
    /// The counts that are not zero.
    package let counts: [ThreadID: Int]

    package init(evaluatedUpTo: Position, basis: Position, counts: [ThreadID: Int]) {
        self.evaluatedUpTo = evaluatedUpTo
        self.basis = basis
        self.counts = counts
    }

    /// A JSON object.
    package var encoded: [UInt8] {
        let object: JSONObject = [
            "evaluated_up_to": .integer(evaluatedUpTo.value), "basis": .integer(basis.value),
            "counts": .object(counts.reduce(into: [:]) { $0[$1.key.string] = .integer(Int64($1.value)) }),
        ]
        return object.encoded()
    }

    package init(encoded bytes: [UInt8]) throws {
        guard let object = try? JSONValue(parsing: bytes).objectValue, let evaluated = object["evaluated_up_to"]?.integerValue,
            let basis = object["basis"]?.integerValue, let counts = object["counts"]?.objectValue
        else { throw StoreError.undecodable(bytes, as: "counts of unread events") }
        self.init(
            evaluatedUpTo: Position(evaluated), basis: Position(basis),
            counts: counts.reduce(into: [:]) { $0[ThreadID(trusted: $1.key)] = $1.value.integerValue.map { Int(clamping: $0) } })
    }
}
