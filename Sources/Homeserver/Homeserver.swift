import AccountsDatabase
import MatrixProtocol
import RocksDB
import RoomsDatabase
import Store
import TransitoryDatabase

/// What the server needs to know about itself.
package struct HomeserverSettings: Sendable {
    package var serverName: ServerName
    /// The directory that holds everything.
    package var dataDirectory: String
    /// The path of the configuration file, where there is one: a backup takes it along.
    package var configurationFile: String?
    package var signingKey: SigningKey
    /// The version of new rooms for which nobody asks for another one.
    package var defaultRoomVersion: RoomVersion
    /// The longest time for which clients can have an event delayed, in milliseconds.
    package var eventDelayMaxMilliseconds: Int64 = 24 * 60 * 60 * 1000
    /// The size of the cache that the three databases share.
    package var blockCacheBytes: Int
    package var accounts: AccountsSettings
    package var calls = CallSettings()
    /// Who sends notices to users; nil for nobody.
    package var notices: ServerNoticesSettings?
    /// Whether requests that come too often are refused.
    package var limitsRates = true
    package var streams = StreamsSettings()
    /// Whether users see who is online.
    package var isPresenceEnabled = true
    /// How much of the databases' logs is read, remembered and kept.
    package var following = FollowingLimits()

    package init(
        serverName: ServerName, dataDirectory: String, configurationFile: String? = nil, signingKey: SigningKey,
        defaultRoomVersion: RoomVersion = .default,
        blockCacheBytes: Int, accounts: AccountsSettings
    ) {
        self.serverName = serverName
        self.dataDirectory = dataDirectory
        self.configurationFile = configurationFile
        self.signingKey = signingKey
        self.defaultRoomVersion = defaultRoomVersion
        self.blockCacheBytes = blockCacheBytes
        self.accounts = accounts
    }
}

/// The server without its network: the three databases and, over them, what it can do.
package final class Homeserver: Sendable {
    package let settings: HomeserverSettings
    package let environment: Environment
    package let accounts: Accounts
    package let encryption: Encryption
    package let keyBackups: KeyBackups
    package let toDeviceMessages: ToDeviceMessages
    package let rooms: Rooms
    package let delayedEvents: DelayedEvents
    package let directory: Directory
    package let userDirectory: UserDirectory
    package let profiles: Profiles
    package let reports: Reports
    package let notices: ServerNotices
    package let calls: Calls
    package let pushRules: PushRules
    package let pushers: Pushers
    package let notifications: Notifications
    package let sync: Sync
    package let slidingSync: SlidingSync
    package let eventStream: EventStream
    package let presence: Presence
    package let typing: Typing
    package let receipts: Receipts
    package let streams: PublicStreams
    /// What an administrator sees of the databases.
    package let inspection: StoreInspection
    package let backups: Backups
    package let background: BackgroundWork

    private let roomsDatabase: RoomsDatabase
    private let accountsDatabase: AccountsDatabase
    private let transitoryDatabase: TransitoryDatabase

    /// Opens the databases in the data directory, which the caller has locked; brings those of an older version forward first.
    ///
    /// - Parameter report: is told of each step of an upgrade.
    /// - Throws: `StoreError` when what is there doesn't fit this program, belongs to another server or is not complete; then nothing is
    ///   touched.
    private init(settings: HomeserverSettings, environment: Environment, report: (UpgradeEvent) -> Void) async throws {
        self.settings = settings
        self.environment = environment
        try BackupDirectory.checkFinished(settings.dataDirectory)
        let notifier = Notifier()
        let blockCache = BlockCache(capacityBytes: settings.blockCacheBytes)
        try await DatabasePreparation(
            Databases.schemas, in: settings.dataDirectory,
            serverName: settings.serverName.string, blockCache: blockCache, environment: environment
        ).run(report: report)
        func path(_ database: String) -> String { "\(settings.dataDirectory)/\(database)" }
        async let roomsDatabase = RoomsDatabase(
            directory: path("rooms"), serverName: settings.serverName, blockCache: blockCache, environment: environment, notifier: notifier,
            isPrepared: true)
        async let accountsDatabase = AccountsDatabase(
            directory: path("accounts"), serverName: settings.serverName, blockCache: blockCache, environment: environment,
            notifier: notifier, isPrepared: true)
        async let transitoryDatabase = TransitoryDatabase(
            directory: path("transitory"), serverName: settings.serverName, blockCache: blockCache, environment: environment,
            notifier: notifier, isPrepared: true)
        self.roomsDatabase = try await roomsDatabase
        self.accountsDatabase = try await accountsDatabase
        self.transitoryDatabase = try await transitoryDatabase
        // Only now is it sure that the directory is this server's.
        try Backups.staging(in: settings.dataDirectory).remove()
        if let place = DataDirectory.place(settings.dataDirectory) { try await self.accountsDatabase.settle(at: place) }
        try BackupDirectory.become(dataDirectory: settings.dataDirectory)
        backups = Backups(
            serverName: settings.serverName.string, dataDirectory: settings.dataDirectory,
            databases: [self.roomsDatabase.database, self.accountsDatabase.database, self.transitoryDatabase.database],
            configurationFile: settings.configurationFile, environment: environment)
        let roomsIntents = Intents(
            of: self.roomsDatabase.database,
            kinds: [IntentKind(Rooms.succeedRoomIntent, [Accounts.succeedingRooms(in: self.accountsDatabase)])], environment: environment)
        let roomsJobs = Jobs(
            of: self.roomsDatabase.database,
            kinds: [
                self.roomsDatabase.deletingRooms, self.roomsDatabase.purgingHistory,
                Rooms.showingProfiles(in: self.roomsDatabase, signingKey: settings.signingKey),
                Rooms.removingGuests(in: self.roomsDatabase, accounts: self.accountsDatabase, signingKey: settings.signingKey),
                Rooms.leavingRooms(in: self.roomsDatabase, signingKey: settings.signingKey),
            ], environment: environment)
        let accountsIntents = Intents(
            of: self.accountsDatabase.database,
            kinds: [
                IntentKind(Accounts.newUserIntent, [Profiles.beginning(in: self.roomsDatabase)]),
                IntentKind(
                    Accounts.deactivationIntent,
                    [
                        Presence.deactivating(in: self.transitoryDatabase),
                        Rooms.deactivating(in: self.roomsDatabase, jobs: roomsJobs),
                    ]),
            ], environment: environment)
        let accountsJobs = Jobs(of: self.accountsDatabase.database, kinds: [LoginRemoval.goingOn], environment: environment)
        rooms = Rooms(
            database: self.roomsDatabase, accounts: self.accountsDatabase, intents: roomsIntents, jobs: roomsJobs,
            serverName: settings.serverName,
            signingKey: settings.signingKey, environment: environment, defaultVersion: settings.defaultRoomVersion,
            noticesUser: settings.notices?.user, messageRate: settings.accounts.rateLimits?.messages,
            stickyRate: settings.accounts.rateLimits?.stickyEvents)
        let pushEvaluators = PushEvaluators(settings.accounts.pushRules)
        let unreadCounts = UnreadCounts(rooms: self.roomsDatabase, evaluators: pushEvaluators)
        var notificationMails: NotificationMails?
        let unsubscribeLinks = settings.accounts.email.map { UnsubscribeLinks(baseURL: $0.baseURL, key: settings.signingKey) }
        if let email = settings.accounts.email, let unsubscribeLinks {
            let mailer = NotificationMailer(
                rooms: self.roomsDatabase, accounts: self.accountsDatabase, evaluators: pushEvaluators, settings: email,
                unsubscribeLinks: unsubscribeLinks, clock: environment.clock)
            notificationMails = NotificationMails(mailer, environment: environment)
        }
        let pushDelivery = PushDelivery(
            rooms: self.roomsDatabase, accounts: self.accountsDatabase, evaluators: pushEvaluators, unreadCounts: unreadCounts,
            mails: notificationMails, environment: environment)
        pushRules = PushRules(database: self.accountsDatabase, settings.accounts.pushRules)
        pushers = Pushers(
            database: self.accountsDatabase, delivery: pushDelivery, http: environment.outgoingHTTP, unsubscribeLinks: unsubscribeLinks)
        notifications = Notifications(
            rooms: self.roomsDatabase, accounts: self.accountsDatabase, evaluators: pushEvaluators, clock: environment.clock)
        background = BackgroundWork(
            rooms: self.roomsDatabase, accounts: self.accountsDatabase, transitory: self.transitoryDatabase, roomsJobs: roomsJobs,
            roomsIntents: roomsIntents, accountsJobs: accountsJobs, accountsIntents: accountsIntents, push: pushDelivery,
            following: settings.following,
            environment: environment)
        inspection = StoreInspection(
            databases: [self.roomsDatabase.inspected, self.accountsDatabase.inspected, self.transitoryDatabase.inspected],
            blockCache: blockCache, background: background)
        delayedEvents = DelayedEvents(rooms: rooms, delayMaxMilliseconds: settings.eventDelayMaxMilliseconds)
        directory = Directory(rooms: rooms)
        userDirectory = UserDirectory(rooms: rooms)
        profiles = Profiles(rooms: rooms)
        calls = Calls(settings: settings.calls, environment: environment)
        accounts = Accounts(
            database: self.accountsDatabase, serverName: settings.serverName, environment: environment, settings: settings.accounts,
            intents: accountsIntents, jobs: accountsJobs)
        encryption = Encryption(accounts: accounts, database: self.accountsDatabase, serverName: settings.serverName)
        keyBackups = KeyBackups(database: self.accountsDatabase)
        toDeviceMessages = ToDeviceMessages(
            accounts: self.accountsDatabase, transitory: self.transitoryDatabase, serverName: settings.serverName)
        notices = ServerNotices(settings: settings.notices, accounts: accounts, rooms: rooms, profiles: profiles)
        reports = Reports(rooms: rooms, limitsRates: settings.limitsRates)
        presence = Presence(
            rooms: self.roomsDatabase, transitory: self.transitoryDatabase, environment: environment, isEnabled: settings.isPresenceEnabled,
            rate: settings.accounts.rateLimits?.presence)
        typing = Typing(
            rooms: self.roomsDatabase, transitory: self.transitoryDatabase, presence: presence, environment: environment,
            rate: settings.accounts.rateLimits?.ephemeral)
        receipts = Receipts(rooms: rooms, presence: presence, rate: settings.accounts.rateLimits?.ephemeral)
        sync = Sync(
            rooms: self.roomsDatabase, accounts: self.accountsDatabase, transitory: self.transitoryDatabase, presence: presence,
            unreadCounts: unreadCounts, notifier: notifier, environment: environment)
        slidingSync = SlidingSync(
            rooms: self.roomsDatabase, accounts: self.accountsDatabase, transitory: self.transitoryDatabase, presence: presence,
            unreadCounts: unreadCounts, notifier: notifier, environment: environment)
        eventStream = EventStream(
            rooms: rooms, transitory: self.transitoryDatabase, presence: presence, unreadCounts: unreadCounts, notifier: notifier)
        streams = PublicStreams(
            streams: self.transitoryDatabase.streams, rooms: self.roomsDatabase, accounts: self.accountsDatabase, notifier: notifier,
            environment: environment, settings: settings.streams, limitsRates: settings.limitsRates)
        do {
            try await self.roomsDatabase.receiveArrivedEvents()
            try await background.begin()
            try await notices.begin()
            delayedEvents.begin()
            try self.transitoryDatabase.streams.begin()
            slidingSync.begin()
            try presence.begin()
            try typing.begin()
        } catch {
            await close()
            throw error
        }
    }

    /// Opens the databases for as long as `body` takes.
    ///
    /// - Parameter report: is told of each step of an upgrade.
    /// - Throws: what `body` throws; what opening throws.
    package static func run<Value>(
        settings: HomeserverSettings, environment: Environment, report: (UpgradeEvent) -> Void = { _ in },
        _ body: (Homeserver) async throws -> Value
    ) async throws -> Value {
        let homeserver = try await Homeserver(settings: settings, environment: environment, report: report)
        let outcome: Result<Value, any Error>
        do { outcome = .success(try await body(homeserver)) } catch { outcome = .failure(error) }
        await homeserver.close()
        return try outcome.get()
    }

    /// How each database is, by its name.
    package var health: [(database: String, health: DatabaseHealth)] {
        [("rooms", roomsDatabase.health), ("accounts", accountsDatabase.health), ("transitory", transitoryDatabase.health)]
    }

    /// Ends the background's work, finishes what was handed to the databases and ends their threads; nothing may be asked any more.
    private func close() async {
        await accounts.lastSeen.end()
        await delayedEvents.end()
        await background.end()
        await typing.end()
        await presence.end()
        await slidingSync.end()
        await transitoryDatabase.streams.end()
        roomsDatabase.close()
        accountsDatabase.close()
        transitoryDatabase.close()
    }
}
