/// What the jobs of one kind do.
///
///     let purge = JobKind("purge") { job, commit in
///         guard let next = try purgeSome(after: job.cursor, commit) else { return .isDone }
///         job.cursor = next
///         job.done += 1
///         return .goesOn
///     }
package struct JobKind: Sendable {
    /// Whether a job goes on after a step.
    package enum Step: Sendable {
        case goesOn
        case isDone
    }

    /// The name under which jobs of this kind are kept.
    package let name: String
    let step: @Sendable (inout Job, Commit) throws -> Step

    /// - Parameter step: does the next part of a job within the commit, and sets the job's cursor behind it. It is small enough for a commit's
    ///   budget. When it throws, nothing of it remains, and it is tried again after a while.
    package init(_ name: String, step: @escaping @Sendable (inout Job, Commit) throws -> Step) {
        self.name = name
        self.step = step
    }
}
