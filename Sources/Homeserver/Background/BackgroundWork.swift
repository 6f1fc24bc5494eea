import AccountsDatabase
import RoomsDatabase
import Store
import TransitoryDatabase

/// What goes on beside requests: the logs' followers, jobs, and what requests have decided for other databases.
package struct BackgroundWork: Sendable {
    /// One for each database, by its name.
    package let dispatchers: [(database: String, dispatcher: Dispatcher)]
    /// What follows from the accounts' log.
    private let accountsFollowers: [Follower]
    /// The jobs of the rooms database.
    package let roomsJobs: Jobs
    /// The intents of the rooms database.
    package let roomsIntents: Intents
    /// The intents of the accounts database.
    package let accountsIntents: Intents

    init(
        rooms: RoomsDatabase, accounts: AccountsDatabase, transitory: TransitoryDatabase, roomsJobs: Jobs, roomsIntents: Intents,
        accountsIntents: Intents, following: FollowingLimits, environment: Environment
    ) {
        dispatchers = [rooms.database, accounts.database, transitory.database].map { database in
            (database.schema.name, Dispatcher(of: database, environment: environment, limits: following))
        }
        accountsFollowers = [ToDeviceMessages.emptyingInboxes(of: accounts, in: transitory)]
        self.roomsJobs = roomsJobs
        self.roomsIntents = roomsIntents
        self.accountsIntents = accountsIntents
    }

    /// Carries out what requests of the last run have decided, goes on with its jobs, and lets the logs be trimmed.
    func begin() async throws {
        try await accountsIntents.resume()
        try await roomsIntents.resume()
        try roomsJobs.resume()
        for (database, dispatcher) in dispatchers where database == AccountsMaps.schema.name {
            for follower in accountsFollowers { _ = try await dispatcher.add(follower) }
        }
        for (_, dispatcher) in dispatchers { dispatcher.beginTrimming() }
    }

    /// Ends when everything is done that can't be broken off; the databases are to be closed after it.
    func end() async {
        await accountsIntents.stop()
        await roomsIntents.stop()
        await roomsJobs.stop()
        for (_, dispatcher) in dispatchers { await dispatcher.stop() }
    }
}
