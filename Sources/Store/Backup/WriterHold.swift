/// A job for a database's writer: a commit, or a wish to hold the database.
struct WriterJob: Sendable {
    /// Runs it, on the writer.
    let run: @Sendable () -> Void
    /// Answers it without running it.
    let refuse: @Sendable (StoreError) -> Void
}

/// Whether a database's writer does nothing for a while, and the jobs that wait for that to end, in their order.
struct WriterHold {
    private var isHeld = false
    private var waiting = Queue<WriterJob>()

    /// Keeps a job that the writer has come to.
    ///
    /// - Returns: whether it is kept; it is to be run otherwise.
    mutating func keep(_ job: WriterJob) -> Bool {
        if isHeld { waiting.append(job) }
        return isHeld
    }

    mutating func begin() {
        precondition(!isHeld, "a job that holds the database waits like all others")
        isHeld = true
    }

    mutating func end() {
        isHeld = false
    }

    /// The next job to run; nil when there is none, or when the one before has begun another hold.
    mutating func next() -> WriterJob? {
        isHeld ? nil : waiting.popFirst()
    }

    /// The jobs that nobody will run any more.
    mutating func abandon() -> [WriterJob] {
        var jobs: [WriterJob] = []
        while let job = waiting.popFirst() { jobs.append(job) }
        return jobs
    }
}
