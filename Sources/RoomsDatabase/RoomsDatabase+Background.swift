import Store

/// What goes on beside requests, as commits of rooms.
extension RoomsDatabase {
    /// A kind of jobs of this database.
    package func jobKind(_ name: String, step: @escaping @Sendable (inout Job, RoomsCommit) throws -> JobKind.Step) -> JobKind {
        JobKind(name) { [asRoomsCommit] job, commit in try step(&job, asRoomsCommit(commit)) }
    }

    /// What this database does for another one's intents.
    package func intentPart(_ carryOut: @escaping @Sendable ([UInt8], RoomsCommit) throws -> Void) -> IntentKind.Part {
        IntentKind.Part(in: database) { [asRoomsCommit] payload, commit in try carryOut(payload, asRoomsCommit(commit)) }
    }
}
