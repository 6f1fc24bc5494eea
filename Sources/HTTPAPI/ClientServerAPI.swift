import Homeserver

/// All endpoints of the client-server API, chapter by chapter.
package enum ClientServerAPI {
    /// - Parameter publicAddress: what the well-known documents say.
    package static func routes(of homeserver: Homeserver, publicAddress address: PublicAddress) -> [any RouteGroup] {
        var publicAddress = address
        publicAddress.callTransports = homeserver.calls.transports
        return [
            HealthRoutes(health: { homeserver.health }),
            VersionsRoutes(
                unstableFeatures: UnstableFeatures.served(
                    hasCallTransports: homeserver.calls.transports != nil, homeserver.settings.accounts.pushRules)),
            WellKnownRoutes(publicAddress),
            CapabilitiesRoutes(defaultRoomVersion: homeserver.settings.defaultRoomVersion, accounts: homeserver.settings.accounts),
            RegistrationRoutes(accounts: homeserver.accounts),
            SharedSecretRegistrationRoutes(accounts: homeserver.accounts),
            LoginRoutes(accounts: homeserver.accounts, publicAddress: publicAddress),
            FallbackRoutes(accounts: homeserver.accounts),
            OpenIDRoutes(accounts: homeserver.accounts),
            OpenIDUserInfoRoutes(accounts: homeserver.accounts),
            ModerationRoutes(accounts: homeserver.accounts),
            ServerNoticeRoutes(notices: homeserver.notices),
            AccountManagementRoutes(accounts: homeserver.accounts),
            ThirdPartyIDRoutes(accounts: homeserver.accounts),
            AccountDataRoutes(accounts: homeserver.accounts),
            DeviceRoutes(accounts: homeserver.accounts),
            KeyRoutes(encryption: homeserver.encryption, sync: homeserver.sync),
            CrossSigningRoutes(encryption: homeserver.encryption),
            KeyBackupRoutes(backups: homeserver.keyBackups),
            DehydratedDeviceRoutes(encryption: homeserver.encryption),
            ToDeviceRoutes(messages: homeserver.toDeviceMessages),
            FilterRoutes(accounts: homeserver.accounts),
            ProfileRoutes(profiles: homeserver.profiles),
            RoomCreationRoutes(rooms: homeserver.rooms),
            MembershipRoutes(rooms: homeserver.rooms, directory: homeserver.directory),
            SendingRoutes(rooms: homeserver.rooms, delayedEvents: homeserver.delayedEvents, presence: homeserver.presence),
            DelayedEventRoutes(delayedEvents: homeserver.delayedEvents),
            RoomStateRoutes(rooms: homeserver.rooms),
            MessagesRoutes(rooms: homeserver.rooms),
            RelationsRoutes(rooms: homeserver.rooms),
            ThreadSubscriptionRoutes(rooms: homeserver.rooms),
            ReceiptRoutes(receipts: homeserver.receipts),
            TypingRoutes(typing: homeserver.typing),
            PresenceRoutes(presence: homeserver.presence),
            EventRelationshipsRoutes(rooms: homeserver.rooms),
            SearchRoutes(rooms: homeserver.rooms),
            RoomPreviewRoutes(rooms: homeserver.rooms, directory: homeserver.directory),
            TagRoutes(accounts: homeserver.accounts, rooms: homeserver.rooms),
            ReportRoutes(reports: homeserver.reports),
            DirectoryRoutes(directory: homeserver.directory),
            UserDirectoryRoutes(directory: homeserver.userDirectory),
            ThirdPartyNetworkRoutes(),
            CallRoutes(calls: homeserver.calls),
            PushRuleRoutes(rules: homeserver.pushRules),
            PusherRoutes(pushers: homeserver.pushers),
            NotificationRoutes(notifications: homeserver.notifications),
            EventStreamRoutes(stream: homeserver.eventStream),
            SyncRoutes(sync: homeserver.sync, accounts: homeserver.accounts),
            SlidingSyncRoutes(sync: homeserver.slidingSync),
        ]
    }
}

extension Accounts: Authenticator {}
