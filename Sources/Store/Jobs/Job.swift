/// A job's number.
package struct JobID: ShortID {
    package let number: UInt64

    package init(number: UInt64) {
        self.number = number
    }
}

/// Work that goes on over many commits, and over restarts: what it is about, and how far it is.
package struct Job: Sendable, Hashable {
    /// Which kind of work it is.
    package let kind: String
    /// What it is about, in the form that its kind has.
    package let argument: [UInt8]
    /// When it was started, in milliseconds since 1970.
    package let startedAt: Int64
    /// Where the next step goes on, in the form that its kind has; empty before the first.
    package var cursor: [UInt8] = []
    /// How much is done, in the unit of its kind.
    package var done: UInt64 = 0
    /// How much there is to do, when that is known.
    package var total: UInt64?
    /// How often the next step has failed.
    package internal(set) var failures: UInt64 = 0
    /// Why it failed the last time.
    package internal(set) var error: String?

    init(kind: String, argument: [UInt8], startedAt: Int64, total: UInt64?) {
        self.kind = kind
        self.argument = argument
        self.startedAt = startedAt
        self.total = total
    }
}

/// The tuple of kind, argument, start, cursor, what is done, what there is to do, failures, and the last error.
extension Job: StoreCodable {
    private typealias Stored = TupleKey<String, [UInt8], Int64, [UInt8], UInt64, UInt64?, UInt64, String?>

    package var encoded: [UInt8] {
        Stored(kind, argument, startedAt, cursor, done, total, failures, error).encoded
    }

    package init(encoded bytes: [UInt8]) throws {
        let (kind, argument, startedAt, cursor, done, total, failures, error) = try Stored(encoded: bytes).parts
        self.init(kind: kind, argument: argument, startedAt: startedAt, total: total)
        self.cursor = cursor
        self.done = done
        self.failures = failures
        self.error = error
    }
}

extension Job {
    package var readable: ReadableValue {
        [
            "kind": kind.readable, "argument": .bytes(argument), "started_ts": startedAt.readable, "cursor": .bytes(cursor),
            "done": done.readable, "total": total.readable, "failures": failures.readable, "error": error.readable,
        ]
    }
}
