import Homeserver

/// What a connection has sent and what has not been carried out: bounded, and counted against floods.
struct StreamRequestQueue {
    enum Request {
        case message([UInt8], isText: Bool)
        /// Shows a key's stream whole.
        case show(key: String)
    }

    /// What becomes of a request that was added.
    enum Addition {
        /// It waits for its turn.
        case waits
        /// It waits, and somebody has to begin with the work.
        case begins
        /// It waits, and nothing more should be read until some of the work is done.
        case isTooMuch(begins: Bool)
        /// It is dropped: too many have come.
        case isTooOften
    }

    private var waiting: [Request] = []
    private var waitingBytes = 0
    /// The keys that are to be shown.
    private var shown: Set<String> = []
    private var isWorking = false
    /// Whether the program has to read first.
    private var isHeld = false
    private var isClosed = false
    /// How much of the allowed rate is used up, and at which moment, in milliseconds.
    private var used = (level: 0.0, at: Int64(0))

    /// So many messages may be sent at once, and so many in a second in the long run.
    private static let (burst, perSecond) = (1000.0, 200.0)
    /// From here on nothing more is read.
    private static let (waitingMax, waitingMaxBytes) = (256, 1 << 20)
    /// So many requests are carried out at a time, and so many bytes of them. What they write has to fit into a commit.
    private static let (batchMax, batchMaxBytes) = (64, 512 << 10)

    /// Whether nothing more should be read.
    var isTooMuch: Bool { waiting.count >= Self.waitingMax || waitingBytes >= Self.waitingMaxBytes }

    /// - Parameter time: now, in milliseconds; nil if nobody counts.
    mutating func add(_ request: Request, at time: Int64?) -> Addition {
        guard !isClosed else { return .waits }
        switch request {
        case .message(let bytes, _):
            if let time, !use(bytes.count, at: time) { return .isTooOften }
            waitingBytes += bytes.count
        case .show(let key):
            guard shown.insert(key).inserted else { return .waits }
        }
        waiting.append(request)
        let begins = claimWork()
        return isTooMuch ? .isTooMuch(begins: begins) : begins ? .begins : .waits
    }

    /// Has the work wait for the program to read, or no longer.
    ///
    /// - Returns: whether somebody has to begin with the work.
    mutating func hold(_ isHeld: Bool) -> Bool {
        self.isHeld = isHeld
        return claimWork()
    }

    /// What is to be carried out next; nil ends the work.
    mutating func takeNext() -> [Request]? {
        guard !isClosed, !isHeld, !waiting.isEmpty else {
            isWorking = false
            return nil
        }
        var batch: [Request] = []
        var bytes = 0
        for request in waiting.prefix(Self.batchMax) {
            if case .message(let message, _) = request {
                if !batch.isEmpty, bytes + message.count > Self.batchMaxBytes { break }
                bytes += message.count
            }
            if case .show(let key) = request { shown.remove(key) }
            batch.append(request)
        }
        waiting.removeFirst(batch.count)
        waitingBytes -= bytes
        return batch
    }

    /// Has what was taken wait again, before all others.
    mutating func putBack(_ requests: ArraySlice<Request>) {
        guard !isClosed, !requests.isEmpty else { return }
        for request in requests {
            switch request {
            case .message(let bytes, _): waitingBytes += bytes.count
            case .show(let key): shown.insert(key)
            }
        }
        waiting.insert(contentsOf: requests, at: 0)
    }

    mutating func close() {
        isClosed = true
        (waiting, waitingBytes) = ([], 0)
    }

    private mutating func claimWork() -> Bool {
        guard !isWorking, !isHeld, !waiting.isEmpty else { return false }
        isWorking = true
        return true
    }

    private mutating func use(_ bytes: Int, at time: Int64) -> Bool {
        let level = max(0, used.level - Double(max(0, time - used.at)) / 1000 * Self.perSecond)
        let weight = Double(PublicStreams.weight(ofMessage: bytes))
        guard level + weight <= Self.burst else { return false }
        used = (level + weight, time)
        return true
    }
}
