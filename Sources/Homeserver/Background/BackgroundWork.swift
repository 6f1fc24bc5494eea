import AccountsDatabase
import RoomsDatabase
import Store
import TransitoryDatabase

/// What goes on beside requests: the logs' followers, jobs, and what requests have decided for other databases.
package struct BackgroundWork: Sendable {
    /// One for each database, by its name.
    package let dispatchers: [(database: String, dispatcher: Dispatcher)]
    private let roomsDispatcher: Dispatcher
    private let accountsDispatcher: Dispatcher
    /// What follows from the accounts' log.
    private let accountsFollowers: [Follower]
    private let push: PushDelivery
    /// The jobs of the rooms database.
    package let roomsJobs: Jobs
    /// The intents of the rooms database.
    package let roomsIntents: Intents
    /// The jobs of the accounts database.
    package let accountsJobs: Jobs
    /// The intents of the accounts database.
    package let accountsIntents: Intents

    init(
        rooms: RoomsDatabase, accounts: AccountsDatabase, transitory: TransitoryDatabase, roomsJobs: Jobs, roomsIntents: Intents,
        accountsJobs: Jobs, accountsIntents: Intents, push: PushDelivery, following: FollowingLimits, environment: Environment
    ) {
        roomsDispatcher = Dispatcher(of: rooms.database, environment: environment, limits: following)
        accountsDispatcher = Dispatcher(of: accounts.database, environment: environment, limits: following)
        dispatchers = [
            (RoomsMaps.schema.name, roomsDispatcher), (AccountsMaps.schema.name, accountsDispatcher),
            (TransitoryMaps.schema.name, Dispatcher(of: transitory.database, environment: environment, limits: following)),
        ]
        accountsFollowers = [ToDeviceMessages.forgettingDevices(of: accounts, in: transitory)]
        self.push = push
        self.roomsJobs = roomsJobs
        self.roomsIntents = roomsIntents
        self.accountsJobs = accountsJobs
        self.accountsIntents = accountsIntents
    }

    /// How the followers of a database's log are getting on.
    func followers(of database: String) -> [FollowerStatus] {
        dispatchers.first { $0.database == database }?.dispatcher.followerStatuses ?? []
    }

    /// The intents of a database that aren't known to be carried out.
    func intents(of database: String) throws -> [IntentStatus] {
        switch database {
        case RoomsMaps.schema.name: try roomsIntents.all()
        case AccountsMaps.schema.name: try accountsIntents.all()
        default: []
        }
    }

    /// Carries out what requests of the last run have decided, goes on with its jobs, and lets the logs be trimmed.
    func begin() async throws {
        try await accountsIntents.resume()
        try await roomsIntents.resume()
        try roomsJobs.resume()
        try accountsJobs.resume()
        for follower in accountsFollowers { _ = try await accountsDispatcher.add(follower) }
        try await push.begin(on: roomsDispatcher, accountsDispatcher)
        for (_, dispatcher) in dispatchers { dispatcher.beginTrimming() }
    }

    /// Ends when everything is done that can't be broken off; the databases are to be closed after it.
    func end() async {
        await accountsIntents.stop()
        await roomsIntents.stop()
        await roomsJobs.stop()
        await accountsJobs.stop()
        await push.end()
        for (_, dispatcher) in dispatchers { await dispatcher.stop() }
    }
}
